import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { root } from '../tools.ts';

/** A copy of this checkout in which `products/` has the folders of `added` too, or only those named, and nothing else is changed. */
export function checkoutWith({ added, only }: { readonly added?: string; readonly only?: readonly string[] }): string {
  const copy = mkdtempSync(join(root, '.tideline', 'checkout-'));
  const isKept = (file: string): boolean =>
    !/^products\/\w+\//.test(file) || only?.some((product) => file.startsWith(`products/${product}/`)) !== false;
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root });
  for (const file of listed.toString().trim().split('\n'))
    if (existsSync(join(root, file)) && isKept(file)) cpSync(join(root, file), join(copy, file));
  if (added !== undefined) cpSync(added, join(copy, 'products'), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  mkdirSync(join(copy, '.tideline'));
  for (const installed of ['tools', 'spark-jobs'])
    symlinkSync(join(root, '.tideline', installed), join(copy, '.tideline', installed));
  return copy;
}

/** Gives the added product a column, as a person does: in its contract and in its model. */
export function addColumn(checkout: string): void {
  const folder = join(checkout, 'products', 'gold', 'rider_days');
  const insert = (name: string, before: string, text: string): void => {
    const file = join(folder, name);
    writeFileSync(file, readFileSync(file, 'utf8').replace(before, `${text}\n${before}`));
  };
  const column = `      - name: completed_trips
        description: Trips that came to their end
        logicalType: integer
        physicalType: bigint
        classification: internal`;
  insert('contract.yaml', '      - name: total_spend', column);
  insert('model.sql', '    coalesce(sum', '    count_if(is_completed) AS completed_trips,');
}

/** The `lake` command of a checkout: what it prints, without colours. */
export const lakeOf =
  (checkout: string, environment: Readonly<Record<string, string>>) =>
  (...args: string[]): string => {
    const options = { env: { ...process.env, ...environment }, encoding: 'utf8' } as const;
    return stripVTControlCharacters(
      spawnSync(process.execPath, [join(checkout, 'cli/main.ts'), ...args], options).stdout,
    );
  };
