import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const fileIn = (folder: string): string => join(folder, 'environment');

/** Writes down, for other terminals, the variables with which a platform that is up is reached. Returns how to take that back. */
export function announceEnvironment(folder: string, environment: Readonly<Record<string, string>>): () => void {
  const lines = Object.entries(environment).map(([name, value]) => `${name}='${value}'\n`);
  writeFileSync(fileIn(folder), lines.join(''), { mode: 0o600 });
  return () => {
    rmSync(fileIn(folder), { force: true });
  };
}

/** Points this process at the platform of the checkout where one is up; variables that are set already win. */
export function useLocalPlatform(root: string): void {
  const file = fileIn(join(root, '.tideline', 'local'));
  if (existsSync(file)) process.loadEnvFile(file);
}
