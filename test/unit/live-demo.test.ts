import { describe, expect, it } from 'vitest';
import { BesideTheStream } from '../../cli/laptop/beside-the-stream.ts';
import { type LiveOutcome, liveProblems } from '../../cli/laptop/live-check.ts';
import { LiveTruth } from '../../cli/laptop/live-truth.ts';
import { SurgeLateness } from '../../cli/laptop/surge-lateness.ts';
import { play } from '../../local/generator/play.ts';

const missing = 'missing_in_stream';

describe('the check of a live demo', () => {
  const right: LiveOutcome = {
    liveTrips: 1_800,
    planted: new Map([
      ['t1', missing],
      ['t2', 'differs fare_amount'],
    ]),
    divergences: new Map([
      ['t2', 'differs fare_amount'],
      ['t1', missing],
    ]),
    liveWindows: 300,
    windowsApart: 1,
    differingWindows: ['sf_soma 2025-01-18 05:00:00'],
    explainedWindows: new Set(['sf_soma 2025-01-18 05:00:00', 'sf_soma 2025-01-18 05:05:00']),
  };

  it('finds nothing where all that was planted was found, and nothing else', () => {
    expect(liveProblems(right)).toEqual([]);
  });

  const wrong: readonly [string, Partial<LiveOutcome>, string][] = [
    ['no trip came live', { liveTrips: 0 }, 'No trip came live: readers had none of the stream before the night.'],
    [
      'nothing was planted',
      { planted: new Map(), divergences: new Map() },
      'No trip was planted that the night could find: play more of them.',
    ],
    [
      'a planted trip was not found',
      { divergences: new Map([['t1', missing]]) },
      '1 planted trips were not found: t2 (differs fare_amount)',
    ],
    [
      'a planted trip is of another kind',
      { divergences: new Map([...right.divergences, ['t1', 'missing_in_batch']]) },
      '1 planted trips differ in another way than planted: t1 (missing_in_stream, found: missing_in_batch)',
    ],
    [
      'a planted trip differs in another column too',
      { divergences: new Map([...right.divergences, ['t2', 'differs fare_amount status']]) },
      '1 planted trips differ in another way than planted: t2 (differs fare_amount, found: differs fare_amount status)',
    ],
    [
      'trips differ that nobody planted',
      { divergences: new Map([...right.divergences, ...['a', 'b', 'c', 'd'].map((trip) => [trip, missing] as const)]) },
      `4 trips differ that were not planted: a (${missing}), b (${missing}), c (${missing}), …`,
    ],
    ['no window came live', { liveWindows: 0 }, 'No window of surge came live.'],
    [
      'a window differs without a cause',
      { differingWindows: ['sf_soma 2025-01-18 06:00:00'] },
      '1 windows of surge differ of which all events came in time: sf_soma 2025-01-18 06:00:00',
    ],
    [
      'the night counts other windows than there are',
      { windowsApart: 3 },
      'compareStream calls 3 windows of surge otherwise; 1 are.',
    ],
  ];
  it.each(wrong)('tells that %s', (_what, change, problem) => {
    expect(liveProblems({ ...right, ...change })).toEqual([problem]);
  });
});

describe('what a live demo must find', () => {
  const date = '2025-01-18';

  async function played() {
    const beside = new BesideTheStream();
    const truth = new LiveTruth(beside);
    const sent: string[] = [];
    const streamed: string[] = [];
    await play(
      { seed: 3, start: date, tripsPerDay: 1_000, arrivedBefore: '2025-01-19T06' },
      {
        speed: Infinity,
        put: async (lines) => {
          sent.push(...lines);
          streamed.push(...beside.withoutPlanted(lines));
        },
        onEvent: (event) => {
          truth.sent(event);
        },
      },
    );
    return { beside, truth, sent, streamed };
  }

  it('is the trips of the date that the stream lacks, and those of which it lacks the payment', async () => {
    const { truth, sent, streamed } = await played();
    const inStream = new Set(streamed);
    const leftOut = sent.filter((line) => !inStream.has(line)).map((line) => JSON.parse(line) as Line);
    const trips = new Set(leftOut.map(({ payload }) => payload.trip_id));
    const paid = leftOut.filter(({ event_name }) => event_name === 'payment_processed');

    const found = truth.divergences(date, ['rider_id', 'fare_amount', 'status']);
    expect([...found.keys()].filter((trip) => !trips.has(trip))).toEqual([]);
    const ofOnePayment = [...found].filter(([, how]) => how !== missing);
    expect(ofOnePayment.length).toBeGreaterThan(3);
    for (const [trip, how] of ofOnePayment) {
      expect(how).toMatch(/^differs fare_amount/);
      expect(paid.some(({ payload }) => payload.trip_id === trip)).toBe(true);
    }
    expect(found.size - ofOnePayment.length).toBeGreaterThan(1);
    expect(truth.divergences('2025-01-17', ['fare_amount']).size).toBe(0);
  });

  it('are windows of requests that the stream lacks, and of no others that came in time', async () => {
    const { truth, sent, streamed } = await played();
    const inStream = new Set(streamed);
    const requests = sent
      .filter((line) => !inStream.has(line))
      .map((line) => JSON.parse(line) as Line)
      .filter(({ event_name }) => event_name === 'trip_requested');
    expect(requests.length).toBeGreaterThan(2);
    for (const { event_timestamp, payload } of requests) {
      const startMs = Math.floor(Date.parse(event_timestamp) / 300_000) * 300_000;
      const start = new Date(startMs).toISOString().slice(0, 19).replace('T', ' ');
      expect(truth.windows).toContain(`${payload.geo_zone} ${start}`);
    }
    const all = new Set(sent.flatMap((line) => /"geo_zone":"(\w+)"/.exec(line)?.[1] ?? []));
    // Of each zone a day has 288.
    expect(truth.windows.size).toBeLessThan((all.size * 288) / 10);
  });
});

interface Line {
  readonly event_name: string;
  readonly event_timestamp: string;
  readonly payload: { readonly trip_id: string; readonly geo_zone: string };
}

describe('the lateness of surge', () => {
  it('is ten minutes and a half after the end of a window, by the newest event that was sent', () => {
    const at = (time: string): number => Date.parse(`2025-01-18T${time}Z`);
    const lateness = new SurgeLateness();
    expect(lateness.mayBeTooLate(at('05:15:29'))).toBe(false);
    expect(lateness.mayBeTooLate(at('05:04:59'))).toBe(false);
    expect(lateness.mayBeTooLate(at('05:15:30'))).toBe(false);
    expect(lateness.mayBeTooLate(at('05:04:59'))).toBe(true);
    expect(lateness.mayBeTooLate(at('05:05:00'))).toBe(false);
  });
});
