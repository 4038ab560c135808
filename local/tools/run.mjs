// `node local/tools/run.mjs [--clients] FILE [ARG …]`: installs what is missing, then runs FILE on the project's own Node.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { install, root, toolEnvironment } from './install.mjs';

const args = process.argv.slice(2);
const clients = args[0] === '--clients';
if (clients) args.shift();
try {
  await install({ clients });
} catch (error) {
  console.error(`\n${error.message}`);
  process.exit(1);
}
const child = spawn(join(root, 'node_modules', 'node', 'bin', 'node'), args, {
  cwd: root,
  env: toolEnvironment(),
  stdio: 'inherit',
});
// A terminal sends Ctrl-C to the whole group; anything else is passed on, and the child decides when to end.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => child.kill('SIGTERM'));
child.on('exit', (code, signal) => process.exit(code ?? (signal ? 130 : 1)));
