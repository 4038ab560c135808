import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Product } from '../../products/catalogue.ts';

/** What a placeholder in a product's SQL may hold. COPY takes no bound parameters, so values are checked and quoted here. */
const allowed = {
  manifest: /^s3:\/\/[a-z0-9.-]+\/[A-Za-z0-9._/=-]+$/,
  iam_role: /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/,
  start_date: /^\d{4}-\d{2}-\d{2}$/,
  end_date: /^\d{4}-\d{2}-\d{2}$/,
} as const;

export type Placeholder = keyof typeof allowed;

/**
 * The statements of one of a product's SQL files, without comments, with `:placeholder` replaced by quoted values.
 * Throws an Error that names the file and the placeholder when a value is missing or not of its form.
 */
export function productStatements(
  product: Product,
  file: 'ddl.sql' | 'load.sql',
  values: Partial<Record<Placeholder, string>> = {},
): string[] {
  const sql = readFileSync(join(product.folder, file), 'utf8').replace(/--.*$/gm, '');
  const bound = sql.replace(/(?<![:\w]):([a-z_]+)/g, (_, name: string) => {
    const pattern = allowed[name as Placeholder] as RegExp | undefined;
    const value = values[name as Placeholder];
    if (!pattern)
      throw new Error(
        `${product.key} ${file}: unknown placeholder :${name}; known: ${Object.keys(allowed).join(', ')}`,
      );
    if (!value || !pattern.test(value))
      throw new Error(`${product.key} ${file}: :${name} must match ${pattern}, got "${value ?? ''}"`);
    return `'${value}'`;
  });
  return bound
    .split(';')
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');
}
