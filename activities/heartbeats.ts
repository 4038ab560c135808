import type { Context } from '@temporalio/activity';
import type { ActivityInterceptors } from '@temporalio/worker';

/** Well below the heartbeat time-out of all activities (`workflows/proxies.ts`), also on a machine that is short of time. */
const everyMs = 3_000;

/**
 * An interceptor that tells Temporal, as long as an activity runs, that its process is alive, whatever the activity waits
 * for: a dead worker is missed within seconds. The answer to a heartbeat is also how a cancel gets here.
 */
export const heartbeating = (context: Context): ActivityInterceptors => ({
  inbound: {
    async execute(input, next) {
      const beating = setInterval(() => {
        context.heartbeat();
      }, everyMs);
      try {
        return await next(input);
      } finally {
        clearInterval(beating);
      }
    },
  },
});
