import { Command, InvalidArgumentError } from 'commander';

export interface Options {
  /** How many days the tables hold; the first is what the others are compared with. */
  readonly days: readonly number[];
  readonly repeats: number;
}

/** Rounds of jobs that the last date has hours for. */
const mostRepeats = 5;

/** Reads what stands after `npm run bench -- growth`. */
export function parseOptions(args: readonly string[], command = new Command()): Options {
  command
    .name('npm run bench -- growth')
    .description('what the same work costs when the tables hold more and more days')
    .option('--days <numbers>', 'days that the tables hold, the first to compare with', parseDays, [1, 30, 400])
    .option('--repeats <count>', `how often each job is measured, 1 to ${mostRepeats}`, parseRepeats, 3)
    .parse([...args], { from: 'user' });
  return command.opts<Options>();
}

function parseDays(text: string): number[] {
  const days = text.split(',').map(Number);
  if (days.some((each) => !Number.isInteger(each) || each < 1) || new Set(days).size < days.length)
    throw new InvalidArgumentError('Write whole numbers above 0, each once: 1,30,400.');
  return days;
}

function parseRepeats(text: string): number {
  const repeats = Number(text);
  if (!Number.isInteger(repeats) || repeats < 1 || repeats > mostRepeats)
    throw new InvalidArgumentError(`It must be a whole number from 1 to ${mostRepeats}.`);
  return repeats;
}
