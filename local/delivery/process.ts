import { join } from 'node:path';
import type { ProcessSpec } from '../supervisor.ts';

/** The delivery as a process; `env` are its settings (`settings.ts`). */
export const deliveryProcess = (root: string, env: Readonly<Record<string, string>>): ProcessSpec => ({
  name: 'delivery',
  command: process.execPath,
  args: [join(root, 'local', 'delivery', 'main.ts')],
  env,
  isReady: (stdout) => stdout.includes('"delivering"'),
  readyTimeoutMs: 60_000,
});
