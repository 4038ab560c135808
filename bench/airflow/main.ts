import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { compare } from './compare.ts';
import { installAirflow } from './install-airflow.ts';
import { parseOptions } from './options.ts';
import { circumstances, figuresTable, withFigures } from './report.ts';

/** `npm run bench -- airflow`: gives Airflow and Tideline the same work and prints what it took them. */
export async function main(root: string, args: readonly string[]): Promise<void> {
  const options = parseOptions(args);
  if (!existsSync('/proc/self/smaps_rollup'))
    throw new Error('Processes are measured by what Linux tells in /proc, which this machine does not have.');
  const [load = 0] = loadavg();
  await installAirflow(root);
  const measuredOn = circumstances(root, load);
  const measurements = await compare(root, options);
  const figures = `${measuredOn}\n\n${await figuresTable(measurements)}`;
  console.log(`\n${figures}`);
  if (!options.write) return;
  const document = join(root, 'docs', 'airflow.md');
  writeFileSync(document, withFigures(readFileSync(document, 'utf8'), figures));
}
