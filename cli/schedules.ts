import { Command } from 'commander';
import { applySchedules } from '../schedules/apply.ts';
import { planSchedules, type ScheduleChange } from '../schedules/plan.ts';
import { schedules } from '../schedules/schedules.ts';
import { withTemporal } from '../workers/clients.ts';
import { lakeEnvironment } from './environment.ts';
import { faint } from './terminal.ts';

const signs = { create: '+', update: '~', none: '=', undeclared: '?' } as const;
const meanings = {
  create: 'to be created',
  update: 'differs',
  none: 'as declared',
  undeclared: 'not declared: left alone',
};

/** One line a schedule, and below it one line a difference: the server's value, then the declared one. */
function scheduleLines(changes: readonly ScheduleChange[]): string {
  return changes
    .flatMap(({ scheduleId, kind, differences, paused }) => [
      `  ${signs[kind]} ${scheduleId}  ${faint(meanings[kind])}${paused === null ? '' : `  paused: ${paused || 'no reason given'}`}`,
      ...differences.map(
        ({ field, server, declared }) => `      ${field}: ${JSON.stringify(server)} → ${JSON.stringify(declared)}`,
      ),
    ])
    .join('\n');
}

export const schedulesCommand = new Command('schedules').description(
  'the schedules of this checkout and of the server',
);

schedulesCommand
  .command('plan')
  .description('show how the server’s schedules differ from the declared ones; exit code 2 when they do')
  .action(async () => {
    lakeEnvironment();
    const changes = await withTemporal((client) => planSchedules(client, schedules));
    console.log(scheduleLines(changes));
    if (changes.some(({ kind }) => kind === 'create' || kind === 'update')) process.exitCode = 2;
  });

schedulesCommand
  .command('apply')
  .description('make the server’s schedules as declared; what somebody has paused stays paused')
  .action(async () => {
    lakeEnvironment();
    console.log(scheduleLines(await withTemporal((client) => applySchedules(client, schedules))));
  });
