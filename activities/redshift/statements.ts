import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Product, productsFolder } from '../../products/catalogue.ts';

/** What a placeholder in a product's SQL may hold. COPY takes no bound parameters, so values are checked and quoted here. */
const allowed = {
  product: /^[a-z]+\.[a-z][a-z0-9_]*$/,
  build_id: /^[\w./=-]+$/,
  manifest: /^s3:\/\/[a-z0-9.-]+\/[A-Za-z0-9._/=-]+$/,
  iam_role: /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/,
  start_date: /^\d{4}-\d{2}-\d{2}$/,
  end_date: /^\d{4}-\d{2}-\d{2}$/,
} as const;

export type Placeholder = keyof typeof allowed;

/** What has a meaning between statements: texts and names in quotes, comments, casts, placeholders, ends. */
const piece = /('(?:[^']|'')*'|"(?:[^"]|"")*"|::)|--.*|\/\*[^]*?\*\/|:([a-z_]+)|;/g;
const end = '\0';

/**
 * The statements of an SQL file, without comments, with `:placeholder` replaced by quoted values. `file` is its name for
 * people. Throws an Error that names the file and the placeholder when a value is missing or not of its form.
 */
export function statementsOf(sql: string, file: string, values: Partial<Record<Placeholder, string>>): string[] {
  const bound = sql.replace(piece, (text, kept: string | undefined, name: string | undefined) => {
    if (kept !== undefined) return kept;
    if (name === undefined) return text === ';' ? end : ' ';
    const pattern = allowed[name as Placeholder] as RegExp | undefined;
    const value = values[name as Placeholder];
    if (!pattern) throw new Error(`${file}: unknown placeholder :${name}; known: ${Object.keys(allowed).join(', ')}`);
    if (!value || !pattern.test(value))
      throw new Error(`${file}: :${name} must match ${pattern}, got "${value ?? ''}"`);
    return `'${value}'`;
  });
  return bound
    .split(end)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');
}

/** The statements of one of a product's SQL files. */
export function productStatements(
  product: Product,
  file: 'ddl.sql' | 'load.sql',
  values: Partial<Record<Placeholder, string>> = {},
): string[] {
  return statementsOf(readFileSync(join(product.folder, file), 'utf8'), `${product.key} ${file}`, values);
}

/** The statements that make what the warehouse knows of its own loads. */
export const warehouseStatements = (): string[] =>
  statementsOf(readFileSync(join(productsFolder, 'warehouse.sql'), 'utf8'), 'warehouse.sql', {});

const guard = `
INSERT INTO meta.load_guards (product, build_id)
SELECT :product, ''
WHERE NOT EXISTS (SELECT 1 FROM meta.load_guards WHERE product = :product)`;

/** The statements that make the row which every load of a product changes. */
export const guardStatements = (product: string): string[] => statementsOf(guard, 'load guard', { product });
