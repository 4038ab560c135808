/** A figure stands on the right of its column, text on the left. */
export type Cell = string | number;

// The Web UI draws the columns of a table without any space between them.
const padded = (cell: Cell): string => `\u00a0${cell}\u00a0`;

const row = (cells: readonly Cell[]): string => `| ${cells.join(' | ')} |`;

/** A table as the Web UI draws it. A column is one of figures when its name is among `figures`. */
export function markdownTable(
  columns: readonly string[],
  figures: readonly string[],
  rows: readonly (readonly Cell[])[],
): string {
  const rule = columns.map((column) => (figures.includes(column) ? '--:' : '---'));
  return [columns.map(padded), rule, ...rows.map((cells) => cells.map(padded))].map(row).join('\n');
}
