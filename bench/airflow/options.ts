import { Command, InvalidArgumentError, Option } from 'commander';
import { type CaseName, caseNames } from './cases.ts';

export interface Options {
  readonly only: readonly CaseName[];
  readonly scale: number;
  readonly write: boolean;
}

/** Reads what stands after `npm run bench -- airflow`. */
export function parseOptions(args: readonly string[], command = new Command()): Options {
  command
    .name('npm run bench -- airflow')
    .description('the same work by Airflow and by Tideline, one after the other, measured')
    .addOption(new Option('--only <cases...>', 'run only these').choices(caseNames).default([...caseNames]))
    .option('--scale <factor>', 'times as many tasks: 0.1 for a quick trial', parseScale, 1)
    .option('--write', 'write the figures of all cases into docs/airflow.md', false)
    .parse([...args], { from: 'user' });
  const options = command.opts<Options>();
  if (options.write && options.only.length < caseNames.length)
    command.error('error: --write needs all cases: leave --only out');
  return options;
}

function parseScale(text: string): number {
  const scale = Number(text);
  if (!(scale > 0 && scale <= 1)) throw new InvalidArgumentError('It must be above 0 and at most 1.');
  return scale;
}
