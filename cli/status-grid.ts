import { styleText } from 'node:util';
import type { IntervalState, SurveyedInterval } from '../activities/planning/survey.ts';
import { intervalsIn, type IntervalRange } from '../model/intervals.ts';
import { faint } from './terminal.ts';

/** How a state is drawn; where several hours share a cell, the first of these states that one of them has. */
const signs: readonly (readonly [IntervalState, string, Parameters<typeof styleText>[0]])[] = [
  ['failed', '✗', 'red'],
  ['quarantined', '▲', 'red'],
  ['running', '◐', 'cyan'],
  ['stale', '○', 'yellow'],
  ['unloaded', '◑', 'yellow'],
  ['missing', '·', 'dim'],
  ['published', '●', 'green'],
  ['provisional', '≈', 'cyan'],
  ['settling', '◒', 'green'],
  ['final', '■', 'green'],
];

const columnWidth = 8;

function cell(intervals: readonly SurveyedInterval[]): string {
  const [, sign = ' ', style = 'dim'] = signs.find(([state]) => intervals.some((each) => each.state === state)) ?? [];
  const published = intervals.filter(({ state }) => state === 'published').length;
  const text = intervals.length > 1 ? ` ${published}/${intervals.length}` : '';
  return styleText(style, sign) + faint(text) + ' '.repeat(Math.max(0, columnWidth - 1 - text.length));
}

/** Products by dates, a sign a cell; an hourly product's cell also says how many of the date's hours are published. */
export function statusGrid(dates: IntervalRange, intervals: readonly SurveyedInterval[]): string {
  const columns = intervalsIn('date', dates);
  const products = Map.groupBy(intervals, ({ product }) => product);
  const width = Math.max(...[...products.keys()].map((product) => product.length)) + 2;
  const years = columns[0]?.slice(0, 4) === columns.at(-1)?.slice(0, 4);
  const heads = columns.map((date) => (years ? date.slice(5) : date.slice(2)).padEnd(columnWidth));
  const lines = [...products].map(([product, known]) => {
    const byDate = Map.groupBy(known, ({ interval }) => interval.slice(0, 10));
    return `  ${product.padEnd(width)}${columns.map((date) => cell(byDate.get(date) ?? [])).join('')}`;
  });
  const legend = signs.map(([state, sign, style]) => `${styleText(style, sign)} ${state}`).join('   ');
  return [
    faint(`  ${(columns[0] ?? '').slice(0, 4).padEnd(width)}${heads.join('')}`),
    ...lines,
    '',
    `  ${legend}`,
  ].join('\n');
}
