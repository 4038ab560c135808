import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Command } from 'commander';
import { query } from '../../activities/redshift/query.ts';
import { closeOnSignal, openLocal } from '../../cli/laptop/demo.ts';
import type { Session } from '../../cli/laptop/session.ts';
import { createProgress, table } from '../../cli/terminal.ts';
import { orchestrationQueue } from '../../model/queues.ts';
import { Arrivals } from '../stream/arrivals.ts';
import { Files } from '../stream/files.ts';
import { type Pace, Trips } from '../stream/trips.ts';

interface Options extends Pace {
  readonly bytes: number;
  readonly mergeEvery: number;
}

/**
 * `npm run bench -- latency`: how long after its end a trip is in a file of its application, and in `public.trips_realtime`,
 * on the whole local platform: both applications supervised, merges by their workflow.
 */
export async function main(root: string, args: readonly string[]): Promise<void> {
  const options = new Command()
    .name('npm run bench -- latency')
    .option('--bytes <count>', 'of an event', Number, 5_120)
    .option('--rate <count>', 'events a second', Number, 50)
    .option('--seconds <count>', 'for so long', Number, 240)
    .option('--merge-every <seconds>', 'from the end of a merge to the next', Number, 60)
    .parse([...args], { from: 'user' })
    .opts<Options>();
  const folder = join(root, '.tideline', 'bench', 'latency');
  rmSync(folder, { recursive: true, force: true });
  const progress = createProgress();
  const opening = openLocal(root, progress, { folder, streams: true });
  const stopListening = closeOnSignal(opening);
  const session = await opening;
  try {
    const trips = new Trips(options.bytes);
    const files = new Files(session.platform.s3);
    const inFiles = new Arrivals(trips, () => files.newTrips());
    const inRows = new Arrivals(trips, () => merge(session));
    progress.step('The applications come up, and read what is there');
    await trips.put(500);
    await inFiles.all(250);
    const since = Date.now();
    progress.step(`${options.rate} events a second, for ${options.seconds} s`);
    const [put] = await Promise.all([
      trips.putAtPace(options),
      lookWhile(options.seconds, 0.25, inFiles),
      lookWhile(options.seconds, options.mergeEvery, inRows),
    ]);
    await Promise.all([inFiles.all(250), inRows.all(options.mergeEvery * 1_000)]);
    progress.end();
    const rows = Object.entries({ 'a file of the application': inFiles, 'public.trips_realtime': inRows }).map(
      ([place, arrivals]) => [place, ...[0.5, 0.99, 1].map((share) => arrivals.secondsOf(share, since).toFixed(1))],
    );
    console.log(`\n${put} events\n\n${table(['from the end of a trip to', 'p50', 'p99', 'longest, s'], rows)}`);
  } finally {
    stopListening();
    await session.close();
  }
}

async function lookWhile(seconds: number, everySeconds: number, arrivals: Arrivals): Promise<void> {
  for (const began = Date.now(); Date.now() - began < seconds * 1_000;) {
    await delay(everySeconds * 1_000);
    await arrivals.look();
  }
}

/** Brings what is in files into the warehouse; gives the trips that are there. */
async function merge({ client, warehouse }: Session): Promise<string[]> {
  await client.workflow.execute('mergeRealtime', {
    workflowId: `merge/latency/${Date.now()}`,
    taskQueue: orchestrationQueue,
    args: [{ product: 'public.trips_realtime' }],
  });
  const rows = await query(warehouse, 'SELECT trip_id FROM public.trips_realtime WHERE end_time IS NOT NULL');
  return rows.map(({ trip_id }) => String(trip_id));
}
