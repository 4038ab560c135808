import { isCancellation, rootCause } from '@temporalio/workflow';
import type { ApplicationLook, Begun, DesiredApplication } from '../model/messages/streams.ts';
import { streams, streamWaits } from './proxies.ts';
import type { StreamControl } from './stream-control.ts';
import { figuresOfStream } from './stream-figures.ts';
import { sinceLineage } from './stream-step.ts';

/** Of much state a snapshot takes long, but never longer: https://docs.aws.amazon.com/managed-flink/latest/java/reference-flink-settings-title.html */
const longestChangeMs = 70 * 60_000;

/** How an application is when no change of it is under way any more. One that hangs is broken off, so that there is an end. */
export async function untilSettled(desired: DesiredApplication, control: StreamControl): Promise<ApplicationLook> {
  const { application } = desired;
  for (let until = Date.now() + longestChangeMs; ;) {
    await streamWaits.awaitApplication({ application });
    const look = await streams.lookAtApplication(desired);
    if (look.is !== 'changing') return look;
    control.saw(look, desired);
    await streams.publishFigures(figuresOfStream(look, null, control));
    if (Date.now() > until) {
      await breakOff(look, desired, control);
      until = Date.now() + longestChangeMs;
    }
    await control.untilNextLook();
  }
}

/** Goes back to what ran before an update, or else stops it; stops what starts or stops. Of all else the service itself sees the end. */
async function breakOff(
  { status, versionId }: ApplicationLook,
  desired: DesiredApplication,
  control: StreamControl,
): Promise<void> {
  const { application } = desired;
  const goBack = () => streams.rollBackApplication({ application, versionId });
  const stop = () => streams.stopApplication({ application, force: true });
  /** What could not be rolled back may have come to its end meanwhile. */
  const stopUpdate = async () => {
    if ((await streams.lookAtApplication(desired)).status !== 'UPDATING') return 'not as seen';
    const begun = await stop();
    control.isUpdateStopped = begun === 'begun';
    return begun;
  };
  const ways: Readonly<Record<string, readonly (() => Promise<Begun>)[]>> = {
    UPDATING: [goBack, stopUpdate],
    STARTING: [stop],
    STOPPING: [stop],
  };
  const hangs = `${status ?? ''} for longer than an hour`;
  for (const breaksOff of ways[status ?? ''] ?? []) {
    try {
      const begun = await breaksOff();
      if (begun === 'begun' || !sinceLineage()) {
        control.note(`${hangs}: broken off`);
        return;
      }
    } catch (error) {
      if (isCancellation(error) || !sinceLineage()) throw error;
      control.note(`${hangs}, and cannot be broken off: ${rootCause(error) ?? String(error)}`);
    }
  }
}
