import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { checkoutWith, lakeOf } from './checkout.ts';

let checkout: string;
beforeAll(() => {
  checkout = checkoutWith({ added: join(import.meta.dirname, 'products') });
});
afterAll(() => {
  rmSync(checkout, { recursive: true, force: true });
});

it('a product more, whose folder `lake new` could have written, fails no quick check', () => {
  lakeOf(checkout, {})('graph', '--write');
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--project', 'unit', '--reporter', 'dot'];
  const { status, stdout } = spawnSync(process.execPath, vitest, { cwd: checkout, encoding: 'utf8' });
  expect(status, stdout).toBe(0);
});
