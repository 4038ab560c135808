import { isCancellation, rootCause } from '@temporalio/workflow';
import type { ApplicationLook, DesiredApplication } from '../model/messages/streams.ts';
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
      await breakOff(look, application, control);
      until = Date.now() + longestChangeMs;
    }
    await control.untilNextLook();
  }
}

/** Goes back to what ran before an update, or else stops it; stops what starts or stops. Of all else the service itself sees the end. */
async function breakOff(
  { status, versionId }: ApplicationLook,
  application: string,
  control: StreamControl,
): Promise<void> {
  const goBack = () => streams.rollBackApplication({ application, versionId });
  const stop = () => streams.stopApplication({ application, force: true });
  const ways: Readonly<Record<string, readonly (() => Promise<unknown>)[]>> = {
    UPDATING: [goBack, stop],
    STARTING: [stop],
    STOPPING: [stop],
  };
  for (const breaksOff of ways[status ?? ''] ?? []) {
    try {
      await breaksOff();
      control.note(`${status ?? ''} for longer than an hour: broken off`);
      return;
    } catch (error) {
      if (isCancellation(error) || !sinceLineage()) throw error;
      control.note(
        `${status ?? ''} for longer than an hour, and cannot be broken off: ${rootCause(error) ?? String(error)}`,
      );
    }
  }
}
