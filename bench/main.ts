// `npm run bench -- [--document FILE] [--events N]`: bronze's events per CPU-second, beside a document's own job.
// `npm run bench -- growth [--days 1,30,400]`: what the same work costs when the tables hold more days.
// `npm run bench -- ingestion [--events N] [--bytes N]`: events from a producer through the stream into raw files.
// `npm run bench -- realtime [--trips N,N]`: merges of a stream's trips into the warehouse, and a day's reconciliation.
// `npm run bench -- stream [--events N] [--bytes N] [--rate N]`: trips from the stream by its own application.
// `npm run bench -- latency [--rate N] [--seconds N] [--merge-every N]`: from the end of a trip to its row in the warehouse.
// `npm run bench -- airflow [--only CASE …] [--scale F] [--write]`: the same work by Airflow and by Tideline.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { main as airflow } from './airflow/main.ts';
import { main as growth } from './growth/main.ts';
import { main as ingestion } from './ingestion/main.ts';
import { main as latency } from './latency/main.ts';
import { main as realtime } from './realtime/main.ts';
import { main as stream } from './stream/main.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const [first, ...rest] = process.argv.slice(2);
const comparison = { airflow, growth, ingestion, latency, realtime, stream }[first ?? ''];
if (comparison) {
  try {
    await comparison(root, rest);
  } catch (error) {
    console.error(`\n${error instanceof Error ? error.message : String(error)}`);
    // A start that was interrupted may still wait for a process that is killed by now.
    process.exit(1);
  }
} else {
  const done = spawnSync(
    `${root}.tideline/tools/venv/bin/python`,
    [`${root}bench/bronze/compare.py`, ...process.argv.slice(2)],
    { stdio: 'inherit' },
  );
  if (done.error) throw done.error;
  process.exitCode = done.status ?? 1;
}
