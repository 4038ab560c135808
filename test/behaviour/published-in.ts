import type { PublishedBuild } from '../../activities/ledger/records.ts';

/** A build that has published one interval. */
export const publishedIn = (product: string, interval: string, more: Partial<PublishedBuild> = {}): PublishedBuild => ({
  product,
  buildId: 'a/1',
  generation: 100,
  at: '2025-01-19T01:02:03.456Z',
  codeVersion: 'source',
  inputVersions: { 'bronze.events': 3 },
  outputVersion: 5,
  changedPartitions: [interval],
  intervals: [{ interval, rowsIn: 10, rowsPublished: 8, rowsDuplicate: 1, rowsQuarantined: 1, changed: true }],
  qualityScore: 1,
  jobRunId: 'run-1',
  costUsd: 0.5,
  jobSeconds: 4,
  ...more,
});
