// `npm run bench -- [--document FILE] [--events N]`: bronze's events per CPU-second, beside a document's own job.
// `npm run bench -- airflow [--only CASE …] [--scale F] [--write]`: the same work by Airflow and by Tideline.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { main } from './airflow/main.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const [first, ...rest] = process.argv.slice(2);
if (first === 'airflow') {
  try {
    await main(root, rest);
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
