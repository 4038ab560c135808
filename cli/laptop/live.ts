import { setTimeout as delay } from 'node:timers/promises';
import { type LiveEvent, liveEvents } from '../../local/generator/live-events.ts';
import { kinesisClient } from '../../local/kinesis-client.ts';
import type { Platform } from '../../local/platform.ts';
import { Producer } from '../../local/producer/producer.ts';
import { keepRefused } from '../../local/producer/refused.ts';
import { buckets } from '../../local/provision.ts';
import { eventStream } from '../../model/stream.ts';
import { putInto } from './land.ts';

const tripsPerMinute = 20;
const sendEveryMs = 2_000;

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

/** Sends a trickle of events that happen now until it is told to stop. */
export async function sendLive(
  platform: Pick<Platform, 's3'>,
  signal: AbortSignal,
  { onSent, onFailed }: LiveListener,
): Promise<void> {
  const producer = producerOn(platform);
  const feed = liveEvents({ startedAtMs: Date.now(), tripsPerMinute });
  let waiting: LiveEvent[] = [];
  let sent = 0;
  while (!signal.aborted) {
    waiting.push(...feed.take(Date.now()));
    try {
      if (waiting.length > 0) onSent((sent += (await producer.put(waiting.map(({ line }) => line))).records));
      waiting = [];
    } catch (error) {
      onFailed(error);
    }
    await delay(sendEveryMs, undefined, { signal }).catch(() => undefined); // Ctrl-C ends the wait; the loop sees why.
  }
}
