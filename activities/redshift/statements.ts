/** What a placeholder in compiled SQL may hold. COPY takes no bound parameters, so values are checked and quoted here. */
const allowed = {
  product: /^[a-z]+\.[a-z][a-z0-9_]*$/,
  build_id: /^[\w./=-]+$/,
  manifest: /^s3:\/\/[a-z0-9.-]+\/[A-Za-z0-9._/=-]+$/,
  iam_role: /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/,
  start_date: /^\d{4}-\d{2}-\d{2}$/,
  end_date: /^\d{4}-\d{2}-\d{2}$/,
  asked_at_ms: /^\d{13}$/,
  at: /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/,
} as const;

export type Placeholder = keyof typeof allowed;

/** What has a meaning between statements: texts and names in quotes, comments, casts, placeholders, ends. */
const piece = /('(?:[^']|'')*'|"(?:[^"]|"")*"|::)|--.*|\/\*[^]*?\*\/|:([a-z_]+)|;/g;
const end = '\0';

/**
 * The statements of compiled SQL, without comments, with `:placeholder` replaced by quoted values. `what` is its name for
 * people. Throws an Error that names it and the placeholder when a value is missing or not of its form.
 */
export function statementsOf(sql: string, what: string, values: Partial<Record<Placeholder, string>> = {}): string[] {
  const bound = sql.replace(piece, (text, kept: string | undefined, name: string | undefined) => {
    if (kept !== undefined) return kept;
    if (name === undefined) return text === ';' ? end : ' ';
    const pattern = allowed[name as Placeholder] as RegExp | undefined;
    const value = values[name as Placeholder];
    if (!pattern) throw new Error(`${what}: unknown placeholder :${name}; known: ${Object.keys(allowed).join(', ')}`);
    if (!value || !pattern.test(value))
      throw new Error(`${what}: :${name} must match ${pattern}, got "${value ?? ''}"`);
    return `'${value}'`;
  });
  return bound
    .split(end)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');
}
