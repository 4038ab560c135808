import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { SQSClient } from '@aws-sdk/client-sqs';
import { receiveAlerts } from '../../local/alerts.ts';
import { applySchedules } from '../../schedules/apply.ts';
import { declaredSchedules } from '../../schedules/schedules.ts';
import { buildDemoDay, openLocal } from './demo.ts';
import { sendLive } from './live.ts';
import type { Session } from './session.ts';
import { createProgress, faint } from '../terminal.ts';

const longestPollSeconds = 20;
const afterFailureMs = 10_000;

/** Builds the demo day, then sends live events and lets the schedules run until Ctrl-C. */
export async function start(root: string): Promise<void> {
  const stopped = new AbortController();
  const signal = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]).then(() => {
    stopped.abort();
  });
  const progress = createProgress();
  const session = await openLocal(root, progress, { streams: true });
  try {
    await Promise.race([buildDemoDay(session, progress), signal]);
    if (!stopped.signal.aborted) {
      await runSchedules(session, false);
      progress.step(
        'Live events go through the stream into raw files, and through its application into public.trips every ten minutes; Ctrl-C stops everything',
      );
      console.log(`  Web UI     ${session.platform.webUi}`);
      console.log(`  warehouse  psql ${session.platform.postgresUrl}`);
      console.log(`  temporal   export TEMPORAL_ADDRESS=${session.platform.environment.TEMPORAL_ADDRESS ?? ''}`);
      console.log(`  metrics    ${session.metrics.join('  ')}`);
      const alerting = tellAlerts(session, stopped.signal, (text) => {
        progress.step(text);
      });
      await sendLive(session.platform, stopped.signal, {
        onSent: (events) => {
          progress.tick(faint(`${new Date().toISOString()}  ${events} live events sent`));
        },
        onFailed: (error) => {
          progress.step(`Live events cannot be sent, and are sent again: ${String(error)}`);
        },
      });
      await alerting;
      await runSchedules(session, true);
    }
  } finally {
    progress.step('Stopping');
    await session.close();
  }
  // Calls of a build that was under way would be made again and again.
  if (stopped.signal.aborted) process.exit();
}

/** Schedules rest while the platform is down, so that the next start doesn't begin with a day of missed runs. */
async function runSchedules({ client }: Session, paused: boolean): Promise<void> {
  const schedules = declaredSchedules();
  await applySchedules(client, schedules);
  for (const { scheduleId } of schedules) {
    const handle = client.schedule.getHandle(scheduleId);
    await (paused ? handle.pause('the local platform is stopped') : handle.unpause('the local platform is up'));
  }
}

/** Tells what rings and what is over. */
async function tellAlerts({ platform }: Session, signal: AbortSignal, tell: (text: string) => void): Promise<void> {
  const sqs = new SQSClient();
  while (!signal.aborted) {
    const alerts = await receiveAlerts(sqs, platform.alertsQueue, longestPollSeconds, signal).catch(
      async (error: unknown) => {
        if (!signal.aborted) tell(`Alerts cannot be read: ${String(error)}`);
        await delay(afterFailureMs, undefined, { signal }).catch(() => undefined); // Ctrl-C ends the wait.
        return [];
      },
    );
    for (const { AlarmName, AlarmDescription, NewStateValue, NewStateReason, StateChangeTime } of alerts)
      tell(
        NewStateValue === 'ALARM'
          ? `${StateChangeTime}  ALARM ${AlarmName}: ${NewStateReason}\n  ${AlarmDescription}`
          : `${StateChangeTime}  ${AlarmName} is over`,
      );
  }
}
