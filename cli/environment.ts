import { fileURLToPath } from 'node:url';
import { useLocalPlatform } from '../local/environment.ts';
import type { Environment } from '../workers/config.ts';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** This process's variables, pointed at the platform of this checkout where one is up (`local/environment.ts`). */
export function lakeEnvironment(): Environment {
  useLocalPlatform(root);
  return process.env;
}
