import type { ScheduleChange } from '../schedules/plan.ts';
import { faint } from './terminal.ts';

const signs = { create: '+', update: '~', none: '=', undeclared: '?' } as const;
const meanings = {
  create: 'to be created',
  update: 'differs',
  none: 'as declared',
  undeclared: 'not declared: left alone',
};

/** One line a schedule, and below it one line a difference: the server's value, then the declared one. */
export function scheduleLines(changes: readonly ScheduleChange[]): string {
  return changes
    .flatMap(({ scheduleId, kind, differences, paused }) => [
      `  ${signs[kind]} ${scheduleId}  ${faint(meanings[kind])}${paused === null ? '' : `  paused: ${paused || 'no reason given'}`}`,
      ...differences.map(
        ({ field, server, declared }) => `      ${field}: ${JSON.stringify(server)} → ${JSON.stringify(declared)}`,
      ),
    ])
    .join('\n');
}
