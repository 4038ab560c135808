import type { ApplicationLook, StreamHealth } from '../model/messages/streams.ts';
import type { Measurement } from '../model/metrics.ts';
import { streams } from './proxies.ts';
import type { StreamControl } from './stream-control.ts';
import { isRefused } from './stream-step.ts';

/** What runs tells a figure a minute. */
const silentMs = 15 * 60_000;
/** A restart is seen for ten minutes; a job of which one is seen for longer fails again and again. */
const failingMs = 20 * 60_000;

/** What the figures of the last while say of what runs, and of nothing that ran before. */
export function healthOf({ desired, told }: StreamControl, whileMs: number): Promise<StreamHealth> {
  const from = Date.now() - whileMs;
  const { runsSince = 0 } = told;
  const since = Math.max(runsSince, from);
  return streams.readStreamHealth({ application: desired.application, since, beganThen: runsSince >= from });
}

/** What a supervision tells CloudWatch of its application. */
export function figuresOfStream(
  look: ApplicationLook,
  health: StreamHealth | null,
  { desired, told }: StreamControl,
): Measurement[] {
  const product = desired.application;
  const tellsNothing = health?.figures === 0 && Date.now() - (told.runsSince ?? 0) > silentMs;
  const failsAgain = Date.now() - (told.failsSince ?? Infinity) > failingMs;
  const isUp = look.is === 'running' && health?.downMs === 0 && !tellsNothing && !failsAgain;
  return [
    { name: 'streams_down', value: isUp ? 0 : 1, product },
    { name: 'stream_updates_refused', value: isRefused(told, desired) ? 1 : 0, product },
    ...(health ? [{ name: 'stream_checkpoints_failed' as const, value: health.failedCheckpoints, product }] : []),
    ...(health?.behindMs
      ? [{ name: 'stream_lag_minutes' as const, value: health.behindMs.last / 60_000, product }]
      : []),
  ];
}
