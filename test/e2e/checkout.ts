import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../tools.ts';

/** A copy of this checkout in which `products/` has the folders of `added` too, and nothing else is changed. */
export function checkoutWith(added: string): string {
  const copy = mkdtempSync(join(root, '.tideline', 'checkout-'));
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root });
  for (const file of listed.toString().trim().split('\n'))
    if (existsSync(join(root, file))) cpSync(join(root, file), join(copy, file));
  cpSync(added, join(copy, 'products'), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  mkdirSync(join(copy, '.tideline'));
  for (const installed of ['tools', 'spark-jobs'])
    symlinkSync(join(root, '.tideline', installed), join(copy, '.tideline', installed));
  return copy;
}
