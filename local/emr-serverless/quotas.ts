import type { Quota } from '../wire/index.ts';

/** An account's rates, https://docs.aws.amazon.com/general/latest/gr/emr-serverless.html (read 2026-11). */
export const accountQuotas: Readonly<Record<string, Quota>> = {
  StartJobRun: { perSecond: 1, burst: 25 },
  CancelJobRun: { perSecond: 1, burst: 25 },
  ListJobRuns: { perSecond: 1, burst: 25 },
  GetJobRun: { perSecond: 10, burst: 50 },
  GetDashboardForJobRun: { perSecond: 1, burst: 1 },
};
