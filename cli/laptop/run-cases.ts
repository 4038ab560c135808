import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync } from 'node:fs';
import { basename, join } from 'node:path';
import { loadCatalogue } from '../../model/catalogue.ts';

/** Builds a product from each of its cases on a Spark of its own, as the tests do. Gives the exit code of that. */
export async function runCases(root: string, key: string): Promise<number> {
  const { folder } = loadCatalogue().get(key);
  const cases = globSync('cases/*.yaml', { cwd: folder }).map((file) => basename(file, '.yaml'));
  if (cases.length === 0) throw new RangeError(`${key} has no cases: write one into ${join(folder, 'cases')}.`);
  const tests = cases.map((name) => `test/spark/test_cases.py::test_case[${key}-${name}]`);
  const brief = ['-q', '--tb=short', '--show-capture=no', '-o', 'verbosity_assertions=2'];
  const options = ['-m', 'pytest', ...brief, '-p', 'no:cacheprovider', '--rows', ...tests];
  const child = spawn(join(root, '.tideline', 'tools', 'venv', 'bin', 'python'), options, {
    cwd: root,
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
    stdio: 'inherit',
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return code ?? 1;
}
