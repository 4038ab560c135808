import { setHandler } from '@temporalio/workflow';
import { z } from 'zod';
import {
  pauseUpdate,
  redeploySignal,
  resumeUpdate,
  rewindUpdate,
  type Request,
  type RewindRequest,
  type StreamState,
} from '../model/messages/streams.ts';
import { desiredApplication, rewindRequest, streamRequest } from './stream-inputs.ts';
import type { StreamRecord } from './stream-record.ts';
import { goneSince } from './stream-snapshots.ts';
import { hasGivenUp, isSame, noFailedStarts } from './stream-step.ts';

/** How people, and a deploy, steer a supervision. `wake` is called when there is something to do at once. */
export function takeRequests(record: StreamRecord, wake: () => void): void {
  const { told } = record;
  /** What was given up before is tried again. */
  const asked = (what: string): StreamState => {
    Object.assign(told, noFailedStarts);
    record.note(what);
    wake();
    return record.status().state;
  };
  setHandler(redeploySignal, (desired) => {
    const read = desiredApplication.safeParse(desired);
    // Nobody waits for an answer.
    if (!read.success) record.note(`A deploy asked for what is no application: ${z.prettifyError(read.error)}`);
    else if (!isSame(read.data, record.desired) || hasGivenUp(told)) {
      if (!isSame(read.data, record.desired)) told.refused = null;
      record.desired = read.data;
      asked(`Deployed: ${read.data.code}`);
    }
  });
  setHandler(
    pauseUpdate,
    (request) => {
      told.paused = request;
      return asked(`Paused by ${request.by}: ${request.why}`);
    },
    { validator: (request) => void streamRequest.parse(request) },
  );
  setHandler(
    resumeUpdate,
    // Histories have some that say neither by whom nor why.
    (request?: Request) => {
      // Who lets it run again does not mean what has not run well.
      if (told.paused === null) told.refused = null;
      told.paused = null;
      return asked(request ? `Resumed by ${request.by}: ${request.why}` : 'Resumed');
    },
    { validator: (request) => void streamRequest.parse(request) },
  );
  setHandler(
    rewindUpdate,
    (request) => {
      told.rewind = request;
      return asked(`Goes back to ${request.snapshot} for ${request.by}: ${request.why}`);
    },
    {
      validator: (request) => {
        assertCanRewind(rewindRequest.parse(request), record);
      },
    },
  );
}

/** A snapshot that is there, and of which the stream still has all that has come since. */
function assertCanRewind({ snapshot: name }: RewindRequest, { look }: StreamRecord): void {
  if (look === null) throw new RangeError('It has not been looked at yet: ask again in a minute.');
  const known = look.snapshots;
  const wanted = known.find((snapshot) => snapshot.name === name);
  const names = known.map((snapshot) => `${snapshot.name} (${snapshot.takenAt})`).join(', ') || 'none';
  if (wanted === undefined) throw new RangeError(`There is no snapshot "${name}". There are: ${names}.`);
  const gone = goneSince(wanted);
  if (gone !== null) throw new RangeError(gone);
}
