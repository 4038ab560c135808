import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DateTime } from 'luxon';
import { createProgress } from '../../cli/terminal.ts';
import { awsEmulator, awsVariables } from '../../local/aws-emulator.ts';
import { freePort } from '../../local/ports.ts';
import { Supervisor } from '../../local/supervisor.ts';
import { intervalKey } from '../../model/intervals.ts';
import { measureCalls } from './calls.ts';
import { type Figure, figuresTable } from './figures.ts';
import { parseOptions } from './options.ts';

/** The account whose buckets lie in the folder of the emulator's S3. */
const account = '000000000000';

/** `npm run bench -- growth`: what the same jobs and calls cost when the tables hold more days. */
export async function main(root: string, args: readonly string[]): Promise<void> {
  const { days, repeats } = parseOptions(args);
  const folder = join(root, '.tideline', 'bench', 'growth');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const progress = createProgress();
  const date = intervalKey('date', DateTime.utc().minus({ days: 1 }));
  const numbers = days.map(String);
  progress.step(`lakes that hold ${numbers.join(', ')} days: one date built, the past written into the logs`);
  await python(root, 'lakes.py', [join(folder, 's3', account), date, ...numbers]);
  const supervisor = new Supervisor(folder);
  try {
    const port = await freePort();
    const aws = awsVariables(`http://127.0.0.1:${port}`);
    await supervisor.start(awsEmulator(root, port, folder, aws));
    progress.step('jobs');
    const result = join(folder, 'jobs.json');
    await python(root, 'jobs.py', [aws.AWS_ENDPOINT_URL, date, result, String(repeats), ...numbers]);
    progress.step('calls');
    Object.assign(process.env, aws);
    const calls = await measureCalls(days, date, (text) => {
      progress.tick(text);
    });
    progress.end();
    console.log(`\n${figuresTable(days, [...jobFigures(result), ...calls])}`);
  } finally {
    await supervisor.stop();
  }
}

function jobFigures(file: string): Figure[] {
  const measured = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Record<string, number[]>>;
  return Object.entries(measured).map(([work, byDays]) => ({
    work,
    cpuSeconds: new Map(Object.entries(byDays).map(([days, cpu]) => [Number(days), cpu])),
    requests: null,
  }));
}

/** Runs a script of this folder to its end. What Spark says is kept from the terminal unless it fails. */
async function python(root: string, script: string, args: readonly string[]): Promise<void> {
  const child = spawn(
    join(root, '.tideline', 'tools', 'venv', 'bin', 'python'),
    [join(import.meta.dirname, script), ...args],
    { env: { ...process.env, PYTHONPATH: join(root, 'spark-jobs') }, stdio: ['ignore', 'inherit', 'pipe'] },
  );
  let told = '';
  child.stderr.on('data', (chunk: Buffer) => {
    told = (told + chunk.toString()).slice(-4000);
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${script} failed:\n${told}`);
}
