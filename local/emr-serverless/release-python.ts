import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

const PACKAGES = ['pyspark', 'py4j'];

/** Where a virtual environment has its packages. */
export const sitePackages = (venv: string): string => {
  const lib = join(venv, 'lib');
  const version = readdirSync(lib).find((name) => name.startsWith('python'));
  if (version === undefined) throw new Error(`${venv} is not a Python environment`);
  return join(lib, version, 'site-packages');
};

/** The release's Python: the standard library and PySpark, and nothing else that `venv` has. Returns its interpreter. */
export const ensureReleasePython = (venv: string, folder: string): string => {
  const interpreter = join(folder, 'bin', 'python');
  if (existsSync(interpreter)) return interpreter;
  const building = `${folder}-${String(process.pid)}`;
  execFileSync(join(venv, 'bin', 'python'), ['-m', 'venv', '--without-pip', building]);
  for (const name of PACKAGES) symlinkSync(join(sitePackages(venv), name), join(sitePackages(building), name));
  try {
    renameSync(building, folder);
  } catch (error) {
    // Another server has made it in the same moment.
    rmSync(building, { recursive: true });
    if (!existsSync(interpreter)) throw error;
  }
  return interpreter;
};
