import type { JobRun } from '@aws-sdk/client-emr-serverless';

export interface Prices {
  readonly usdPerVcpuHour: number;
  readonly usdPerMemoryGbHour: number;
}

/** On-demand prices of x86 workers by region, https://aws.amazon.com/emr/pricing/ (read 2026-11). */
export const knownPrices: Readonly<Record<string, Prices>> = {
  'us-east-1': { usdPerVcpuHour: 0.052624, usdPerMemoryGbHour: 0.0057785 },
};

/** What a run is billed for. Pre-initialised drivers that wait for a run belong to none (infra/README.md). */
export function costOf(run: JobRun, prices: Prices): number {
  const used = run.billedResourceUtilization ?? run.totalResourceUtilization;
  const usd = (used?.vCPUHour ?? 0) * prices.usdPerVcpuHour + (used?.memoryGBHour ?? 0) * prices.usdPerMemoryGbHour;
  return Math.round(usd * 1e6) / 1e6;
}
