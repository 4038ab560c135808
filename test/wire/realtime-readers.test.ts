import { expect, test } from 'vitest';
import { shiftInterval } from '../../model/intervals.ts';
import type { StreamRow } from '../../local/generator/stream-parquet.ts';
import { plainRow, stream } from '../behaviour/stream-rows.ts';
import { useRealtime } from './realtime-harness.ts';
import { rows } from './redshift-data-harness.ts';

const realtime = useRealtime();
const days = 7;
const tripsADay = 12;
const first = '2025-01-13';

/** The trips of a date as the batch has them: the last ones end after midnight. */
const batchOf = (date: string): StreamRow[] =>
  Array.from({ length: tripsADay }, (_, index) =>
    plainRow(`${date} ${String(index).padStart(2, '0')}`, `${date}T${String(2 * index).padStart(2, '0')}:40:00Z`, {
      city_id: index % 2 === 0 ? 'london' : 'paris',
      fare_amount: 10 + index,
    }),
  );

/** As the stream has them: it has missed the first, has another fare for the second, and one that never was. */
function streamOf(date: string): StreamRow[] {
  const [, second, ...others] = batchOf(date);
  return [
    { ...second!, fare_amount: 1 },
    ...others,
    plainRow(`${date} ghost`, `${date}T12:00:00Z`, { city_id: 'paris' }),
    ...(date === first ? [] : [plainRow(`${date} moved`, `${date}T00:00:10Z`)]),
  ];
}

/** What late events bring of a date: a trip more, and one whose start they move into it over midnight. */
const lateOf = (date: string): StreamRow[] => [
  plainRow(`${date} late`, `${date}T20:00:00Z`),
  plainRow(`${shiftInterval('date', date, 1)} moved`, `${date}T23:59:50Z`),
];

/** Reads until it is told to end: no trip twice, and none gone that was there before. Gives how often it has read. */
function reader(ghost: (trip: string) => boolean) {
  let goesOn = true;
  const seen = new Set<string>();
  const reading = (async () => {
    let reads = 0;
    for (; goesOn; reads++) {
      const trips = (await rows(realtime.server, 'SELECT trip_id FROM public.trips')).map(([trip]) => String(trip));
      expect(trips.length, 'no trip twice').toBe(new Set(trips).size);
      expect(
        [...seen].filter((trip) => !trips.includes(trip)),
        'none gone',
      ).toEqual([]);
      for (const trip of trips.filter((each) => !ghost(each))) seen.add(trip);
    }
    return reads;
  })();
  return {
    end: () => {
      goesOn = false;
      return reading;
    },
  };
}

test('through a week of merges, nights, late data and retention a reader sees each trip once, at every moment', async () => {
  const reads = reader((trip) => trip.endsWith('ghost'));
  for (let day = 0; day < days; day++) {
    const date = shiftInterval('date', first, day);
    const before = shiftInterval('date', date, -1);
    const told = streamOf(date);
    for (const hour of [4, 12, 22]) {
      const at = `${date}T${String(hour).padStart(2, '0')}`;
      const ended = told.filter(({ end_time: end }) => String(end) < `${at}:00:00`);
      // Each file tells all of the day again, in an older version first.
      await realtime.commit(
        at,
        ended.map((row) => ({ ...row, version: 4, fare_amount: null })),
      );
      await realtime.commit(at, ended);
      await realtime.merge(`${at}:10:00Z`);
    }
    await realtime.commit(`${date}T23`, told);
    const night = `${shiftInterval('date', date, 1)}T02:00:00Z`;
    await realtime.merge(night);
    await realtime.settle(date, batchOf(date));
    // The batch of the date before gains a late trip, and that date is settled again.
    if (day > 0) {
      await realtime.settle(before, [...batchOf(before), ...lateOf(before)]);
      await realtime.activities.reconcileAgain({
        ...{ product: 'gold.trips', start: before, end: date, buildId: `late/${before}` },
      });
    }
    for (const again of realtime.reconciledAgain.splice(0)) await realtime.reconcile(again);
    const [merged, reconciled] = await Promise.all([realtime.merge(night), realtime.reconcile(date)]);
    expect(merged.meaning).toBe('done');
    if (reconciled.meaning === 'conflict') await realtime.reconcile(date);
  }
  const last = shiftInterval('date', first, days - 1);
  await realtime.commit(`${shiftInterval('date', first, days)}T09`, [
    plainRow('today', `${shiftInterval('date', first, days)}T08:00:00Z`),
  ]);
  await realtime.merge(`${shiftInterval('date', first, days)}T09:10:00Z`);
  expect(await reads.end()).toBeGreaterThan(20);

  const expected = Array.from({ length: days }, (_, day) => {
    const date = shiftInterval('date', first, day);
    const late = date === last ? [] : lateOf(date);
    return [...batchOf(date), ...late].map(({ trip_id, fare_amount }) => [trip_id, Number(fare_amount).toFixed(2)]);
  });
  const held = (await realtime.trips()).filter(([trip]) => trip !== 'today');
  expect(held.map(([trip, , , fare]) => [trip, fare])).toEqual(expected.flat().sort());
  expect(
    await realtime.query('SELECT kind, COUNT(*), COUNT(DISTINCT date) FROM streaming.divergence GROUP BY 1 ORDER BY 1'),
  ).toEqual([
    ['differs', days, days],
    ['missing_in_batch', days, days],
    ['missing_in_stream', days, days],
  ]);
  // The stream's own table holds a day and a bit.
  expect(await realtime.query(`SELECT MIN(start_time) FROM ${stream.warehouse.table}`)).toEqual([[`${last} 10:40:00`]]);
});
