import { DateTime } from 'luxon';
import { describe, expect, it } from 'vitest';
import { planDailyBatch, planRestatement } from '../../activities/catalogue/plan.ts';
import { readersOf } from '../../model/graph.ts';
import { checkFreshness } from '../../activities/planning/freshness.ts';
import { loadCatalogue } from '../../model/catalogue.ts';
import { datesToRestate } from '../../model/daily-window.ts';
import type { FreshnessFinding } from '../../model/messages/freshness.ts';
import { grainOf, intervalKey, intervalsIn, shiftInterval } from '../../model/intervals.ts';
import { MemoryLedger, publishedBuild } from '../workflow/memory-ledger.ts';
import { quietOrchestrator } from '../quiet-orchestrator.ts';

const catalogue = loadCatalogue();
const first = DateTime.utc(2025, 1, 6);

/** Lines that arrive in an hour: few at night, many in the evening. */
const usualLines = (hour: string): number => 100 + 100 * Number(hour.slice(-2));
/** The minute of a product's newest event: the last trip starts a while before midnight, a metric bears the start of its hour. */
const newestMinute: Readonly<Record<string, string>> = { 'bronze.events': '55', 'gold.fact_hourly_metrics': '00' };

interface Fault {
  readonly days?: number;
  /** Of the days before a fault a healthy platform tells. */
  readonly checkedFrom?: string;
  /** How many lines arrive in an hour. */
  readonly lines?: (hour: string) => number;
  /** A run at this time builds nothing. */
  readonly skips?: (product: string, at: DateTime) => boolean;
  /** What else happens before a check. */
  readonly meanwhile?: (ledger: MemoryLedger, at: DateTime) => void;
}

/** Two weeks of a platform whose schedules fire and whose builds end; what its checks find. */
async function fortnight(fault: Fault = {}): Promise<FreshnessFinding[]> {
  const { days = 11, checkedFrom = '2025-01-14', lines = usualLines, skips = () => false, meanwhile } = fault;
  const ledger = new MemoryLedger();
  const scheduleOf = async () => ({ createdAt: first.toJSDate(), paused: false });
  const orchestrator = { ...quietOrchestrator, scheduleOf };
  const build = (product: string, start: string, end: string, at: DateTime, changedPartitions: string[]): void => {
    if (skips(product, at)) return;
    const inputs = catalogue
      .get(product)
      .inputs.map((input) => [input.product, ledger.version(input.product)] as const);
    const inputVersions = Object.fromEntries(inputs);
    const outputVersion = ledger.version(product) + 1;
    const told = { at: at.toJSDate().toISOString(), inputVersions, outputVersion, changedPartitions };
    ledger.publish(publishedBuild(product, { start, end }, { ...told, ...rowsOf(product, start, end, lines) }));
  };
  const restate = (product: string, dates: readonly string[], at: DateTime): void => {
    for (const reader of planRestatement(catalogue, product, dates)) {
      const changed = intervalsIn('date', reader);
      build(reader.product, reader.start, reader.end, at, changed);
      restate(reader.product, changed, at.plus({ minutes: 5 }));
    }
  };
  const findings: FreshnessFinding[] = [];
  const check = async (now: DateTime): Promise<void> => {
    if (now < DateTime.fromISO(checkedFrom, { zone: 'utc' })) return;
    meanwhile?.(ledger, now);
    const asked = { at: now.toJSDate().toISOString() };
    findings.push(...(await checkFreshness(ledger, catalogue, orchestrator, asked)).findings);
  };
  for (let hour: DateTime = first.plus({ hours: 1 }); hour < first.plus({ days }); hour = hour.plus({ hours: 1 })) {
    const today = intervalKey('date', hour);
    const yesterday = shiftInterval('date', today, -1);
    const key = intervalKey('hour', hour);
    if (hour.hour === 1)
      for (const [index, stage] of planDailyBatch(catalogue, yesterday).entries())
        for (const { product, start, end } of stage) {
          const dates = intervalsIn('date', { start, end });
          build(product, start, end, hour.plus({ minutes: 10 * index }), dates);
        }
    // Events go on to arrive for two days; those of the last hour of a date come after its batch, and are restated.
    const start = shiftInterval('hour', key, -2);
    const arrived = { start: shiftInterval('date', start.slice(0, 10), -2), end: shiftInterval('date', today, 1) };
    const changed = intervalsIn('date', arrived);
    await check(hour.plus({ minutes: 20 }));
    const builtAt = hour.plus({ minutes: 25 });
    build('bronze.events', start, key, builtAt, changed);
    restate(
      'bronze.events',
      datesToRestate({ readersBuiltBy: 'next daily batch' }, changed, builtAt.toMillis()),
      builtAt,
    );
    await check(hour.plus({ minutes: 50 }));
  }
  return findings;
}

/** What the jobs of a platform tell of their rows on which `lines` arrive. */
/** The newest event of a product whose last hour with rows this is; what bears a date counts from its start. */
function newestIn(product: string, hour: string): string {
  const { columns, freshness } = catalogue.get(product);
  const column = columns.find(({ name }) => freshness?.element.endsWith(`.${name}`));
  const at =
    column?.physicalType === 'date' ? `${hour.slice(0, 10)}T00:00` : `${hour}:${newestMinute[product] ?? '30'}`;
  return `${at}:00.000Z`;
}

function rowsOf(product: string, start: string, end: string, lines: (hour: string) => number) {
  const filled = intervalsIn(grainOf(start), { start, end }).map((interval) => ({
    interval,
    hours: hoursOf(interval).filter((hour) => lines(hour) > 0),
  }));
  return {
    intervals: filled.map(({ interval, hours }) => {
      const rowsIn = hours.reduce((sum, hour) => sum + lines(hour), 0);
      return { interval, rowsIn, rowsPublished: rowsIn, rowsDuplicate: 0, rowsQuarantined: 0, changed: true };
    }),
    newestEvents: Object.fromEntries(
      filled.flatMap(({ interval, hours }) => hours.slice(-1).map((hour) => [interval, newestIn(product, hour)])),
    ),
  };
}

const hoursOf = (interval: string): string[] =>
  grainOf(interval) === 'hour'
    ? [interval]
    : Array.from({ length: 24 }, (_, hour) => `${interval}T${String(hour).padStart(2, '0')}`);

const at = (text: string) => (_: string, now: DateTime) => now.toISO()?.startsWith(text) ?? false;

describe('a fortnight', { timeout: 120_000 }, () => {
  it('of a healthy platform has no findings at any check, nor have the days after it', async () => {
    expect(await fortnight({ days: 17, checkedFrom: '2025-01-06' })).toEqual([]);
  });

  it('tells within three hours of a stream that dies while its hours are built, and of tables a day later', async () => {
    const found = await fortnight({ lines: (hour) => (hour < '2025-01-15T05' ? usualLines(hour) : 0) });
    const told = (product: string) =>
      found
        .filter((finding) => finding.product === product)
        .map(({ problem }) => problem.split(':').slice(0, 2).join(':'));
    expect(told('bronze.events')[0]).toBe('newest event 2025-01-15T04:55Z is 2.4 h old, allowed 2 h');
    expect(told('gold.trips')[0]).toBe('newest event 2025-01-15T04:30Z is 26.3 h old, allowed 26 h');
    expect(new Set(found.map(({ interval }) => interval))).toEqual(new Set([null]));
  });

  it('tells of an hour that two runs did not build and of one that its first did not, and of a batch that did not run', async () => {
    const hour = await fortnight({
      skips: (product, now) => at('2025-01-15T07')(product, now) || at('2025-01-15T08')(product, now),
    });
    expect(new Set(hour.map(({ interval }) => interval))).toEqual(new Set(['2025-01-15T06', '2025-01-15T07']));
    const batch = await fortnight({
      skips: (product, now) => product !== 'bronze.events' && at('2025-01-15')(product, now),
    });
    expect(new Set(batch.map(({ interval }) => interval))).toContain('2025-01-14');
  });

  it('tells of gold that did not follow silver, as soon as it should have', async () => {
    const found = await fortnight({
      skips: (product, now) => product === 'gold.trips' && at('2025-01-15T01')(product, now),
    });
    expect(found).toContainEqual({
      product: 'gold.trips',
      interval: '2025-01-13',
      kind: 'stale',
      problem: 'stale: silver.trips of 2025-01-13 has changed since it was built',
    });
  });

  it('tells of an old date whose change no batch reaches, when the next batch is over', async () => {
    const done: string[] = [];
    const found = await fortnight({
      meanwhile: (ledger, now) => {
        if (now.toISO() !== '2025-01-15T10:50:00.000Z') return;
        const version = ledger.version('bronze.events') + 1;
        void ledger.touch('bronze.events', ['2025-01-10'], { version, at: '2025-01-15T10:40:00.000Z' });
        done.push('changed');
      },
    });
    expect(done).toEqual(['changed']);
    const silver = catalogue.get('silver.trips');
    const readers = readersOf(catalogue, silver.inputs[0]!, { start: '2025-01-10T00', end: '2025-01-11T00' });
    const told = new Set(found.map(({ product, interval }) => `${product} ${interval ?? ''}`));
    expect(told).toContain('silver.trips 2025-01-10');
    const ofSilver = [...told].filter((each) => each.startsWith('silver.trips'));
    expect(intervalsIn('date', readers).map((date) => `silver.trips ${date}`)).toEqual(
      expect.arrayContaining(ofSilver),
    );
  });
});
