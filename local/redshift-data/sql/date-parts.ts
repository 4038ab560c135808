const ABBREVIATIONS: Readonly<Record<string, readonly string[]>> = {
  year: ['years', 'y', 'yr', 'yrs'],
  quarter: ['quarters', 'qtr', 'qtrs'],
  month: ['months', 'mon', 'mons'],
  week: ['weeks', 'w'],
  day: ['days', 'd'],
  hour: ['hours', 'h', 'hr', 'hrs'],
  minute: ['minutes', 'm', 'min', 'mins'],
  second: ['seconds', 's', 'sec', 'secs'],
  millisecond: ['milliseconds', 'ms', 'msec', 'msecs', 'msecond', 'mseconds', 'millisec', 'millisecs'],
  microsecond: ['microseconds', 'us', 'usec', 'usecs', 'usecond', 'useconds', 'microsec', 'microsecs'],
};

const CANONICAL = new Map(
  Object.entries(ABBREVIATIONS).flatMap(([part, others]) => [part, ...others].map((name) => [name, part])),
);

/** The full name of one of Redshift's date parts or abbreviations; undefined for any other word. */
export function datePart(word: string): string | undefined {
  return CANONICAL.get(word.toLowerCase());
}
