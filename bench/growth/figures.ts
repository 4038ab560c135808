import { table } from '../../cli/terminal.ts';

/** What one piece of work took, by how many days the tables held; CPU in seconds of each repeat. */
export interface Figure {
  readonly work: string;
  readonly cpuSeconds: ReadonlyMap<number, readonly number[]>;
  /** Requests to S3 and DynamoDB; null for jobs, whose requests nobody counts. */
  readonly requests: ReadonlyMap<number, number> | null;
  /** Of what grows with its input by nature: how many intervals that were. */
  readonly intervals?: ReadonlyMap<number, number>;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low = 0, high = 0] = [sorted[(sorted.length - 1) >> 1], sorted[middle]];
  return (low + high) / 2;
}

/** Seconds as people read them: jobs take some, calls thousandths, and an interval of a plan millionths. */
function shown(seconds: number): string {
  if (seconds >= 1) return `${seconds.toFixed(2)} s`;
  return seconds >= 0.001 ? `${(seconds * 1e3).toFixed(1)} ms` : `${(seconds * 1e6).toFixed(0)} µs`;
}

/** A line a work: CPU for each number of days, and how many times the first that the others took. */
export function figuresTable(days: readonly number[], figures: readonly Figure[]): string {
  const [first = 0, ...later] = days;
  const rows = figures.map(({ work, cpuSeconds, requests, intervals }) => {
    const of = (each: number): number => median(cpuSeconds.get(each) ?? []) / (intervals?.get(each) ?? 1);
    return [
      intervals ? `${work}, an interval` : work,
      ...days.map((each) => shown(of(each))),
      ...later.map((each) => (of(each) / of(first)).toFixed(2)),
      requests ? days.map((each) => requests.get(each) ?? 0).join(' / ') : '',
    ];
  });
  const headings = [
    'CPU',
    ...days.map((each) => `${each} days`),
    ...later.map((each) => `${each} : ${first}`),
    'requests',
  ];
  return table(headings, rows);
}
