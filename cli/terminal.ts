import { styleText } from 'node:util';

export type Cell = string | number | null;

const isTerminal = process.stdout.isTTY;
const bars = ' ▁▂▃▄▅▆▇█';

export const bold = (text: string): string => styleText('bold', text);
export const faint = (text: string): string => styleText('dim', text);

const show = (cell: Cell): string => (typeof cell === 'number' ? cell.toLocaleString('en-US') : (cell ?? '–'));

/** A table with numbers to the right, one line a row. */
export function table(headings: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const texts = rows.map((row) => row.map(show));
  const widths = headings.map((heading, index) =>
    Math.max(heading.length, ...texts.map((row) => row[index]?.length ?? 0)),
  );
  const line = (cells: readonly string[], alignLeft: (index: number) => boolean): string =>
    `  ${cells.map((cell, index) => (alignLeft(index) ? cell.padEnd(widths[index] ?? 0) : cell.padStart(widths[index] ?? 0))).join('  ')}`;
  const left = headings.map((_, index) => rows.every((row) => typeof row[index] !== 'number'));
  return [
    bold(line(headings, (index) => left[index] ?? true)),
    ...texts.map((row) => line(row, (index) => left[index] ?? true)),
  ].join('\n');
}

/** One bar a value, scaled to `maximum`; `null` is a gap. */
export function sparkline(values: readonly (number | null)[], maximum: number): string {
  return values
    .map((value) => {
      if (value === null) return ' ';
      const level = maximum > 0 ? Math.ceil((value / maximum) * (bars.length - 1)) : 0;
      return bars[Math.min(bars.length - 1, Math.max(0, level))] ?? ' ';
    })
    .join('');
}

/** Tells what is going on: one line that is overwritten on a terminal, a line each elsewhere. */
export function createProgress() {
  let open = false;
  return {
    step(text: string): void {
      if (open) process.stdout.write('\n');
      open = false;
      process.stdout.write(`${bold('›')} ${text}\n`);
    },
    tick(text: string): void {
      if (isTerminal) process.stdout.write(`\r\x1b[2K  ${text}`);
      else process.stdout.write(`  ${text}\n`);
      open = isTerminal;
    },
    end(): void {
      if (open) process.stdout.write('\n');
      open = false;
    },
  };
}

export type Progress = ReturnType<typeof createProgress>;

export const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1)} s`;
