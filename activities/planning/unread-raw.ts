import type { S3Client } from '@aws-sdk/client-s3';
import { DateTime } from 'luxon';
import { type Catalogue, rawProducts } from '../../model/catalogue.ts';
import type { RawProduct } from '../../model/product.ts';
import type { FreshnessCheck, FreshnessFinding } from '../../model/messages/freshness.ts';
import { intervalKey, intervalsIn, shiftInterval } from '../../model/intervals.ts';
import { fingerprint, listRawFiles, newestWritten } from '../lake/raw-files.ts';
import type { Orchestrator } from '../orchestrator.ts';
import { expectedFrom } from './expected-from.ts';
import { settledHours } from './raw-hours.ts';
import { isStopped } from './stopped-schedules.ts';
import type { LedgerReader } from './survey.ts';

const keysShown = 5;
/** In so many hours before the current one files are looked for: what is silent for longer, the age of its data tells. */
const silentHours = 2;
/** A delivery is silent when so many of its files have not come. */
const filesMissed = 2;

/** A product whose files have come until a while ago, and come no more. */
async function findSilence(
  client: S3Client,
  rawUri: string,
  { key, source }: RawProduct,
  now: DateTime,
): Promise<FreshnessFinding[]> {
  const current = intervalKey('hour', now);
  const hours = { start: shiftInterval('hour', current, -silentHours), end: shiftInterval('hour', current, 1) };
  const written = await newestWritten(client, rawUri, intervalsIn('hour', hours));
  if (written === null) return [];
  const minutes = Math.floor(now.diff(DateTime.fromJSDate(written)).as('minutes'));
  if (minutes <= filesMissed * source.filesEveryMinutes) return [];
  const problem = `no raw file for ${minutes} minutes, though one is due every ${source.filesEveryMinutes}: the stream or its delivery has stopped`;
  return [{ product: key, interval: null, kind: 'no files', problem }];
}

export function createUnreadRawActivities(
  ledger: Pick<LedgerReader, 'records' | 'firstPublished'>,
  client: S3Client,
  rawBucketUri: string,
  catalogue: Catalogue,
  orchestrator: Pick<Orchestrator, 'buildOnce' | 'scheduleOf'>,
) {
  return {
    /**
     * Compares the raw files of the last hours with those that the newest builds have read, and has hours with others built
     * again, once for the same files. Hours whose own runs may still come are left to them, and hours from before the first
     * that was ever built. An hour that nobody has begun is the matter of its schedule while that is stopped.
     * Nothing tells which files a build had read that was held back: it may be repeated once. Nothing is built while the
     * hours' schedule is paused: a person keeps builds away. Tells also of deliveries that have fallen silent.
     */
    async findUnreadRaw({ at }: FreshnessCheck): Promise<FreshnessFinding[]> {
      const now = DateTime.fromISO(at, { zone: 'utc' });
      const findings: FreshnessFinding[] = [];
      for (const product of rawProducts(catalogue)) {
        const { key, cadence, source } = product;
        const rawUri = `${rawBucketUri}/${source.folder}`;
        const schedule = await orchestrator.scheduleOf(cadence.scheduleId);
        const paused = schedule?.paused === true;
        const kept = paused ? `; not built while the schedule ${cadence.scheduleId} is paused` : '';
        findings.push(...(await findSilence(client, rawUri, product, now)));
        const hours = settledHours(product, now);
        const dates = [...new Set(hours.map((hour) => hour.slice(0, 10)))];
        const { byHour, foreign } = await listRawFiles(client, rawUri, dates);
        const told = foreign.slice(0, keysShown).join(', ');
        if (foreign.length > 0) {
          const problem = `${foreign.length} raw objects or folders that no build reads, for they are no .gz file in the folder of an hour, or Spark skips their names (_…, .…) or takes them for patterns: ${told}`;
          findings.push({ product: key, interval: null, kind: 'other objects', problem });
        }
        const records = await ledger.records(key, hours[0] ?? '', hours.at(-1) ?? '');
        const known = new Map(records.map((record) => [record.interval, record]));
        const expected = isStopped(schedule) ? null : await expectedFrom(ledger, product, hours[0] ?? '');
        for (const interval of hours) {
          const { claim, published, failure } = known.get(interval) ?? {};
          const read = published?.sources?.split(' ')[0];
          const files = byHour.get(interval) ?? [];
          const found = fingerprint(files);
          const heldBack = !published && failure?.state === 'quarantined';
          const neverBegun = !published && !failure && files.length > 0 && expected !== null && expected <= interval;
          if (claim || (read === undefined && !heldBack && !neverBegun) || read === found) continue;
          const unread = heldBack ? 'raw files of an hour that was held back' : 'raw files that no build has read';
          const what = files.length > 0 ? unread : 'raw files that a build has read are gone';
          const builds = files.length > 0 ? kept : '';
          const problem = `${what}: ${files.length} lie in its folder${builds}`;
          findings.push({ product: key, interval, kind: 'unread files', problem });
          const build = {
            product: key,
            start: interval,
            end: shiftInterval('hour', interval, 1),
            lane: 'late',
          } as const;
          // Building an hour whose files are gone would take its rows away.
          if (files.length > 0 && !paused) await orchestrator.buildOnce(`unread/${key}/${interval}/${found}`, build);
        }
      }
      return findings;
    },
  };
}

export type UnreadRawActivities = ReturnType<typeof createUnreadRawActivities>;
