import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bin = join(root, '.tideline', 'tools', 'venv', 'bin');

/** Programs that `npm test` has installed into the checkout. */
export const tools = {
  temporal: join(bin, 'temporal'),
  temporalTestServer: join(bin, 'temporal-test-server'),
  python: join(bin, 'python'),
  ministack: join(bin, 'ministack'),
  clientsPython: join(root, '.tideline', 'tools', 'clients-venv', 'bin', 'python'),
};
