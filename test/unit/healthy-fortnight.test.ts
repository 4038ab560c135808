import { DateTime } from 'luxon';
import { describe, expect, it } from 'vitest';
import { planDailyBatch } from '../../activities/catalogue/plan.ts';
import { readersOf } from '../../activities/inputs.ts';
import { checkFreshness } from '../../activities/ledger/freshness.ts';
import type { Orchestrator } from '../../activities/ledger/orchestrator.ts';
import { loadCatalogue } from '../../products/catalogue.ts';
import type { FreshnessFinding } from '../../workflows/freshness-messages.ts';
import { intervalKey, intervalsIn, shiftInterval } from '../../workflows/intervals.ts';
import { MemoryLedger, publishedBuild } from '../workflow/memory-ledger.ts';

const catalogue = loadCatalogue();
const cadences = {
  hour: { scheduleId: 'hourly-bronze', firesAfterMinutes: 20 },
  date: { scheduleId: 'daily-batch', firesAfterMinutes: 60 },
};
const first = DateTime.utc(2025, 1, 6);
const days = 14;

interface Fault {
  /** A run at this time builds nothing. */
  readonly skips?: (product: string, at: DateTime) => boolean;
  /** What else happens before a check. */
  readonly meanwhile?: (ledger: MemoryLedger, at: DateTime) => void;
}

/** Two weeks of a platform whose schedules fire and whose builds end; what each hourly check finds. */
async function fortnight({ skips = () => false, meanwhile }: Fault = {}): Promise<FreshnessFinding[]> {
  const ledger = new MemoryLedger();
  const orchestrator: Orchestrator = {
    isRunning: async () => false,
    statusOf: async () => null,
    restate: async () => undefined,
    buildOnce: async () => undefined,
    heal: async () => undefined,
    scheduleOf: async () => ({ createdAt: first.toJSDate(), paused: false }),
  };
  const build = (product: string, start: string, end: string, at: DateTime, changedPartitions: string[]): void => {
    if (skips(product, at)) return;
    const inputs = catalogue
      .get(product)
      .inputs.map((input) => [input.product, ledger.version(input.product)] as const);
    const inputVersions = Object.fromEntries(inputs);
    const outputVersion = ledger.version(product) + 1;
    ledger.publish(
      publishedBuild(
        product,
        { start, end },
        { at: at.toJSDate().toISOString(), inputVersions, outputVersion, changedPartitions },
      ),
    );
  };
  const findings: FreshnessFinding[] = [];
  for (let hour: DateTime = first.plus({ hours: 1 }); hour < first.plus({ days }); hour = hour.plus({ hours: 1 })) {
    const today = intervalKey('date', hour);
    const yesterday = shiftInterval('date', today, -1);
    const key = intervalKey('hour', hour);
    // Events of yesterday go on to arrive.
    if (hour.hour === 1)
      for (const [index, stage] of planDailyBatch(catalogue, yesterday).entries())
        for (const { product, start, end } of stage) {
          const dates = intervalsIn('date', { start, end });
          build(product, start, end, hour.plus({ minutes: 10 * index }), dates);
        }
    build('bronze.events', shiftInterval('hour', key, -2), key, hour.plus({ minutes: 25 }), [today, yesterday]);
    const at = hour.plus({ minutes: 50 });
    meanwhile?.(ledger, at);
    findings.push(
      ...(await checkFreshness(ledger, catalogue, orchestrator, { cadences, at: at.toJSDate().toISOString() }))
        .findings,
    );
  }
  return findings;
}

const at = (text: string) => (_: string, now: DateTime) => now.toISO()?.startsWith(text) ?? false;

describe('a fortnight', () => {
  it('of a healthy platform has no findings at any check', async () => {
    expect(await fortnight()).toEqual([]);
  });

  it('tells of an hour that two runs did not build, and of a batch that did not run', async () => {
    const hour = await fortnight({
      skips: (product, now) => at('2025-01-15T07')(product, now) || at('2025-01-15T08')(product, now),
    });
    expect(new Set(hour.map(({ interval }) => interval))).toEqual(new Set(['2025-01-15T06']));
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
    expect(intervalsIn('date', readers).map((date) => `silver.trips ${date}`)).toEqual(
      expect.arrayContaining([...told]),
    );
  });
});
