import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';

const fileIn = (folder: string): string => join(folder, 'environment');

/** Writes down, for other terminals, the variables with which a platform that is up is reached. Returns how to take that back. */
export function announceEnvironment(folder: string, environment: Readonly<Record<string, string>>): () => void {
  const lines = Object.entries(environment).map(([name, value]) => `${name}='${value}'\n`);
  writeFileSync(fileIn(folder), lines.join(''), { mode: 0o600 });
  return () => {
    rmSync(fileIn(folder), { force: true });
  };
}

/** Variables that say where the lakehouse is; those of the SDK, such as a profile, may be set for anything. */
const placeOf = /^(TIDELINE|EMR|REDSHIFT|TEMPORAL)_/;

/** Takes away what is set for other work with AWS: the SDK would prefer its profile, or its address of a service. */
export function forgetAws(environment: NodeJS.ProcessEnv): void {
  for (const name of Object.keys(environment)) if (name.startsWith('AWS_')) Reflect.deleteProperty(environment, name);
}

/**
 * Points this process at the platform of the checkout where one is up: with all of its variables, or with none of them
 * where one that is set names another place. Tells which.
 */
export function useLocalPlatform(
  root: string,
  environment: NodeJS.ProcessEnv = process.env,
  tell: (text: string) => void = console.error,
): void {
  const file = fileIn(join(root, '.tideline', 'local'));
  if (!existsSync(file)) return;
  const platform = parseEnv(readFileSync(file, 'utf8'));
  const others = Object.keys(environment).filter((name) => placeOf.test(name) && environment[name] !== platform[name]);
  if (others.length > 0) {
    tell(`Not the platform on this machine, though it is up: ${others.sort().join(', ')} set.`);
    return;
  }
  forgetAws(environment);
  Object.assign(environment, platform);
  tell('Using the platform on this machine.');
}
