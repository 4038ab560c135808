import { isCancellation, patched, rootCause } from '@temporalio/workflow';
import type { ApplicationLook, Snapshot } from '../model/messages/streams.ts';
import { eventStream } from '../model/stream.ts';
import { streams } from './proxies.ts';
import type { StreamControl } from './stream-control.ts';

const everyMs = 6 * 3_600_000;
/** Of what has none of its own until it has. */
const againMs = 10 * 60_000;
/** Of more than two days, where the stream keeps one. */
const kept = 10;

/**
 * One can be gone back to, and a start after a failure begins not long ago. An update on probation gets none of its own.
 * Others may take some too, so that there are more than are kept: the service has room for a thousand.
 */
export async function keepSnapshots({ snapshots }: ApplicationLook, control: StreamControl): Promise<void> {
  const { desired, told } = control;
  const { application } = desired;
  const newest = snapshots[0] ? Date.parse(snapshots[0].takenAt) : 0;
  const { goesOnFrom } = told;
  const owesOne = typeof goesOnFrom?.runsSince === 'number';
  // One that fails keeps its name.
  const name = `regular-${Math.floor(Date.now() / (owesOne ? againMs : everyMs))}`;
  const isDue = owesOne || Date.now() - newest >= everyMs;
  const isTaken =
    isDue && (await works(control, 'No regular snapshot', () => streams.takeSnapshot({ application, name })));
  // The one that is gone on from may be an old one.
  if (goesOnFrom) return;
  if (isTaken || (snapshots.length > kept && patched('prunes-what-others-took')))
    await works(control, 'Old snapshots stay', () => streams.pruneSnapshots({ application, keep: kept }));
}

/** Whether it has worked; what has not is noted, and tried again when it is due next. */
async function works(control: StreamControl, elseNoted: string, work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (isCancellation(error)) throw error;
    control.note(`${elseNoted}: ${rootCause(error) ?? String(error)}`);
    return false;
  }
}

/** What is gone of what came after a snapshot, in words; null where the stream still has all of it. */
export function goneSince({ name, takenAt }: Snapshot): string | null {
  const { retentionHours } = eventStream;
  if (Date.now() - Date.parse(takenAt) <= retentionHours * 3_600_000) return null;
  return `${name} was taken at ${takenAt}: the stream keeps ${retentionHours} hours, so events since then are gone.`;
}
