// `npm run bench -- [--document FILE] [--events N]`: bronze's events per CPU-second, beside a document's own job.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const done = spawnSync(
  `${root}.tideline/tools/venv/bin/python`,
  [`${root}bench/bronze/compare.py`, ...process.argv.slice(2)],
  {
    stdio: 'inherit',
  },
);
if (done.error) throw done.error;
process.exitCode = done.status ?? 1;
