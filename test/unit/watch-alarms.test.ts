import { beforeEach, expect, it } from 'vitest';
import { checkFreshness } from '../../activities/planning/freshness.ts';
import { loadCatalogue } from '../../model/catalogue.ts';
import { MemoryLedger, publishedBuild } from '../workflow/memory-ledger.ts';
import { quietOrchestrator } from '../quiet-orchestrator.ts';

const at = '2025-01-18T12:50:00Z';
const running = { createdAt: new Date('2025-01-01T00:00:00Z'), paused: false };

let ledger: MemoryLedger;
let orchestrator: Parameters<typeof checkFreshness>[2];
beforeEach(() => {
  ledger = new MemoryLedger();
  for (const { key, grain } of loadCatalogue().products.values()) {
    const range =
      grain === 'hour' ? { start: '2025-01-10T00', end: '2025-01-18T12' } : { start: '2025-01-05', end: '2025-01-18' };
    ledger.publish(publishedBuild(key, range, { changedPartitions: [] }));
  }
  orchestrator = { ...quietOrchestrator, scheduleOf: async () => running };
});

const found = async () =>
  (await checkFreshness(ledger, loadCatalogue(), orchestrator, { at })).findings.map(({ product, interval, alarm }) =>
    [alarm ?? 'P1-DataNotFresh', product, interval ?? ''].join(' ').trim(),
  );

it('nothing rings where all is well', async () => {
  expect(await found()).toEqual([]);
});

it('a schedule that is paused rings for itself and for all that it has not built', async () => {
  const later = '2025-01-18T16:50:00Z';
  orchestrator = {
    ...orchestrator,
    scheduleOf: async (id) => ({ ...running, paused: id === 'hourly-bronze' }),
  };
  const { findings } = await checkFreshness(ledger, loadCatalogue(), orchestrator, { at: later });
  const bronze = findings.filter(({ product }) => product === 'bronze.events');
  expect(bronze.length).toBeGreaterThan(1);
  expect(new Set(findings.map(({ alarm }) => alarm))).toEqual(new Set(['P1-ScheduleStopped']));
  ledger.claim('bronze.events', '2025-01-18T02', 'build/b', 'b', '2025-01-17T12:00:00.000Z');
  const held = (await checkFreshness(ledger, loadCatalogue(), orchestrator, { at: later })).findings;
  expect(held.flatMap(({ alarm }) => (alarm === 'P1-ClaimHeld' ? [alarm] : []))).toHaveLength(1);
});

it('an interval that a build has held for more than a day rings as that alone', async () => {
  const claimed = (since: string): void => {
    ledger.claim('gold.trips', '2025-01-17', 'build/gold.trips/2025-01-17', 'b', since);
  };
  claimed('2025-01-17T12:00:00.000Z');
  expect(await found()).toEqual(['P1-ClaimHeld gold.trips 2025-01-17']);
  claimed('2025-01-18T12:00:00.000Z');
  expect(await found()).not.toContain('P1-ClaimHeld gold.trips 2025-01-17');
});

it('a restatement that waits for approval rings when somebody has had an hour to see it', async () => {
  const waiting = (since: string) => async () => [
    { workflowId: 'restate/silver.trips/x', since: new Date(since), answers: true },
  ];
  orchestrator = { ...orchestrator, waitingRestatements: waiting('2025-01-18T12:00:00Z') };
  expect(await found()).toEqual([]);
  orchestrator = { ...orchestrator, waitingRestatements: waiting('2025-01-18T11:00:00Z') };
  expect(await found()).toEqual(['P1-RestatementWaits silver.trips']);
});

it('an hourly run that takes longer than half an hour is told with its run', async () => {
  const since = new Date('2025-01-18T12:19:00Z');
  const runningSince = async (type: string, before: Date) =>
    type === 'hourlyBronze' && since < before ? [{ workflowId: 'hourly-bronze-2025-01-18T12:19:00Z', since }] : [];
  orchestrator = { ...orchestrator, runningSince };
  const { findings } = await checkFreshness(ledger, loadCatalogue(), orchestrator, { at });
  expect(findings).toEqual([
    {
      ...{ product: 'bronze.events', interval: null, subject: 'hourly-bronze-2025-01-18T12:19:00Z', kind: 'long run' },
      problem: 'hourly-bronze-2025-01-18T12:19:00Z runs since 2025-01-18T12:19:00.000Z, longer than 30 minutes',
      runs: 'WorkflowId = "hourly-bronze-2025-01-18T12:19:00Z"',
    },
  ]);
});

it('an application of the stream whose supervision somebody has ended rings, though the other is supervised', async () => {
  orchestrator = {
    ...orchestrator,
    unsupervisedStreams: async () => [{ application: 'surge-pricing', why: 'has ended' }],
  };
  expect(await found()).toEqual(['P1-StreamDown surge-pricing']);
});
