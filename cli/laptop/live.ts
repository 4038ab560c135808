import { setTimeout as delay } from 'node:timers/promises';
import { liveEvents, type LiveEvent } from '../../local/generator/live-events.ts';
import { StandInStream } from '../../local/generator/stand-in-stream.ts';
import { kinesisClient } from '../../local/kinesis-client.ts';
import type { Platform } from '../../local/platform.ts';
import { Producer } from '../../local/producer/producer.ts';
import { keepRefused } from '../../local/producer/refused.ts';
import { buckets } from '../../local/provision.ts';
import { type Catalogue, streamOf } from '../../model/catalogue.ts';
import { eventStream } from '../../model/stream.ts';
import { putInto } from './land.ts';

const tripsPerMinute = 20;
const sendEveryMs = 2_000;
/** As often as the stream's application has a checkpoint. */
const commitEveryMs = 60_000;

/** Puts into the stream of a platform what is an event, and the rest beside raw files. */
export const producerOn = ({ s3 }: Pick<Platform, 's3'>): Producer =>
  new Producer({
    kinesis: kinesisClient(),
    stream: eventStream.name,
    keepRefused: keepRefused(putInto(s3, buckets.raw)),
  });

export interface LiveListener {
  /** Told how many events have been sent by now. */
  readonly onSent: (events: number) => void;
  /** Told why none could be sent; they are sent again. */
  readonly onFailed: (error: unknown) => void;
}

/**
 * Sends a trickle of events that happen now until it is told to stop, and commits the trips that have ended, as the
 * stream's application would, for merges to find.
 */
export async function sendLive(
  platform: Pick<Platform, 's3'>,
  catalogue: Catalogue,
  signal: AbortSignal,
  { onSent, onFailed }: LiveListener,
): Promise<void> {
  const producer = producerOn(platform);
  const feed = liveEvents({ startedAtMs: Date.now(), tripsPerMinute });
  const trips = new StandInStream(streamOf(catalogue, undefined), putInto(platform.s3, buckets.lake));
  let waiting: LiveEvent[] = [];
  let [sent, committedAt] = [0, Date.now()];
  while (!signal.aborted) {
    waiting.push(...feed.take(Date.now()));
    try {
      if (waiting.length > 0) onSent((sent += (await producer.put(waiting.map(({ line }) => line))).records));
      for (const { event } of waiting) trips.add(event);
      waiting = [];
      if (Date.now() - committedAt >= commitEveryMs) {
        await trips.commit(new Date());
        committedAt = Date.now();
      }
    } catch (error) {
      onFailed(error);
    }
    await delay(sendEveryMs, undefined, { signal }).catch(() => undefined); // Ctrl-C ends the wait; the loop sees why.
  }
}
