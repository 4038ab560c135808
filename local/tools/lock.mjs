// `npm run lock`: writes package-lock.json anew, without the name of the registry that this machine happens to use, and the
// checksums of the artifacts that the stream's applications are built of.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { lockFlinkArtifacts } from './flink-jobs.mjs';
import { root, run } from './install.mjs';

// npm writes lock entries without a version for another platform's packages when it is told to omit the address itself.
const made = spawnSync('npm', ['install', '--omit-lockfile-registry-resolved=false'], { stdio: 'inherit' });
if (made.status !== 0) process.exit(made.status ?? 1);
const lock = readFileSync('package-lock.json', 'utf8');
writeFileSync('package-lock.json', lock.replace(/^ *"resolved": "http[^\n]*\n/gm, ''));
await lockFlinkArtifacts(root, run);
