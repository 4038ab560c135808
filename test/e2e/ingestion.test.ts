import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DateTime } from 'luxon';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { producerOn } from '../../cli/laptop/live.ts';
import { openSession, type Session } from '../../cli/laptop/session.ts';
import { play } from '../../local/generator/play.ts';
import { buckets } from '../../local/provision.ts';
import { intervalKey, shiftInterval } from '../../model/intervals.ts';
import type { BuildOutcome } from '../../model/messages/builds.ts';
import { delivery } from '../../model/stream.ts';
import { readPlay } from '../truth/read-play.ts';
import { copiesOf, deliveredFiles } from '../wire/delivered-lines.ts';
import { checkoutWith } from './checkout.ts';
import { differences } from './compare.ts';
import { readTable, type Row } from './delta-table.ts';
import { ended } from './workflows.ts';

const checkout = checkoutWith({ only: ['bronze/events', 'bronze/events_quarantine'] });
const folder = mkdtempSync(join(tmpdir(), 'tideline-ingestion-'));
const today = intervalKey('date', DateTime.utc());

let session: Session;
beforeAll(async () => {
  session = await openSession({ root: checkout, folder });
});
afterAll(async () => {
  await session.close();
  await rm(folder, { recursive: true, force: true });
  await rm(checkout, { recursive: true, force: true });
});

const sum = (counts: Iterable<number>): number => [...counts].reduce((total, count) => total + count, 0);

it('what is played into the stream is in bronze, row by row, with a delivery that is killed on the way', async () => {
  const { supervisor, s3 } = session.platform;
  const truthDirectory = join(folder, 'truth');
  const producer = producerOn(session.platform);
  const start = shiftInterval('date', today, -3);
  const day = { start, arrivedBefore: `${start}T06`, tripsPerDay: 2_000 };
  const mishaps = { duplicateSoon: 0.04, duplicateLater: 0.02, late: 0.03, fastClock: 0.005, faulty: 0.05 };
  let puts = 0;
  const put = async (lines: readonly string[]): Promise<void> => {
    await producer.put(lines);
    puts += 1;
    if (puts === 2) await supervisor.restart('delivery', 'SIGKILL');
  };
  await play({ ...day, mishaps }, { speed: Infinity, put, truthDirectory });
  const truth = await readPlay(truthDirectory);
  const faults = truth.faults.filter(({ refused }) => !refused);
  // What is buffered is delivered when it stops.
  const sent = truth.events.length + truth.copies.length + faults.length;
  const delivered = async () =>
    (await deliveredFiles(s3, buckets.raw, `${delivery.folder}/`)).flatMap(({ lines }) => lines);
  await expect
    .poll(async () => (await delivered()).length, { timeout: 60_000, interval: 500 })
    .toBeGreaterThanOrEqual(sent);
  await supervisor.end('delivery');
  const lines = await delivered();

  const hour = shiftInterval('hour', intervalKey('hour', DateTime.utc()), 1);
  const outcomes = (await ended(session.client, 'hourlyBronze', 'hourly', {
    firedAt: `${hour}:20:00Z`,
  })) as BuildOutcome[];
  const rows = outcomes.flatMap(({ intervals }) => intervals);
  expect(sum(rows.map(({ rowsIn }) => rowsIn))).toBe(lines.length);

  const events = await readTable(session.platform, 'bronze.events');
  expect(differences(truth.events as unknown as Row[], events, ({ event_id }) => String(event_id))).toEqual([]);

  const quarantined = await readTable(session.platform, 'bronze.events_quarantine');
  const reasonOf = new Map(quarantined.map(({ raw, reason }) => [String(raw), String(reason)]));
  expect(copiesOf(reasonOf.values())).toEqual(copiesOf(faults.map(({ reason }) => reason)));
  // All else are copies, of which each is counted.
  expect(sum(rows.map(({ rowsDuplicate }) => rowsDuplicate))).toBe(lines.length - events.length - quarantined.length);
  expect(lines.length - events.length - quarantined.length).toBeGreaterThanOrEqual(truth.copies.length);
});
