import { Command } from 'commander';
import { applySchedules } from '../schedules/apply.ts';
import { planSchedules, type ScheduleChange } from '../schedules/plan.ts';
import { declaredSchedules } from '../schedules/schedules.ts';
import { withTemporal } from '../workers/clients.ts';
import { changeLines, isDrift } from './change-lines.ts';
import { lakeEnvironment } from './environment.ts';

const scheduleLines = (changes: readonly ScheduleChange[]): string =>
  changeLines(
    changes.map(({ scheduleId, paused, ...change }) => ({
      ...change,
      name: scheduleId,
      ...(paused !== null && { note: `  paused: ${paused || 'no reason given'}` }),
    })),
  );

export const schedulesCommand = new Command('schedules').description(
  'the schedules of this checkout and of the server',
);

schedulesCommand
  .command('plan')
  .description('show how the server’s schedules differ from the declared ones; exit code 2 when they do')
  .action(async () => {
    lakeEnvironment();
    const changes = await withTemporal((client) => planSchedules(client, declaredSchedules()));
    console.log(scheduleLines(changes));
    if (changes.some(isDrift)) process.exitCode = 2;
  });

schedulesCommand
  .command('apply')
  .description('make the server’s schedules as declared; what somebody has paused stays paused')
  .action(async () => {
    lakeEnvironment();
    console.log(scheduleLines(await withTemporal((client) => applySchedules(client, declaredSchedules()))));
  });
