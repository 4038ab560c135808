import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { pythonEnvironment, step } from '../../local/tools/install.mjs';

const requirements = 'bench/airflow/requirements.txt';
const folder = (root: string): string => join(root, '.tideline', 'bench', 'airflow');

export const airflowCommand = (root: string): string => join(folder(root), 'venv', 'bin', 'airflow');

/** Installs Airflow from its lock file, unless it is there. */
export function installAirflow(root: string): Promise<void> {
  const python = join(root, '.tideline', 'tools', 'venv', 'bin', 'python');
  const venv = join(folder(root), 'venv');
  return step(
    'Airflow',
    [requirements],
    airflowCommand(root),
    async () => {
      await pythonEnvironment(python, venv, requirements);
      // The first start would compile what it imports, and be measured doing so.
      execFileSync(join(venv, 'bin', 'python'), ['-m', 'compileall', '-q', join(venv, 'lib')]);
    },
    folder(root),
  );
}
