import { describe, expect, it } from 'vitest';
import { parseCommit } from '../../activities/lake/delta-log.ts';
import { explain } from '../../activities/planning/explain.ts';
import type { IntervalRecord, Published } from '../../activities/ledger/records.ts';
import { changedInputs, stateOf } from '../../activities/planning/survey.ts';
import { loadCatalogue } from '../../model/catalogue.ts';

const catalogue = loadCatalogue();
const silver = catalogue.get('silver.trips');
const published: Published = {
  buildId: 'silver.trips/2025-01-18/abc',
  generation: 1_737_200_000_000,
  at: '2025-01-19T01:02:03.456Z',
  codeVersion: '0123456789abcdef',
  inputVersions: { 'bronze.events': 20 },
  outputVersion: 7,
  rowsIn: 40_000,
  rowsPublished: 5_912,
  rowsDuplicate: 0,
  rowsQuarantined: 0,
  qualityScore: 0.998,
  jobRunId: 'run-1',
  costUsd: 0.0123,
  jobSeconds: 12,
};
const record = (more: Partial<IntervalRecord>): IntervalRecord => ({
  product: 'silver.trips',
  interval: '2025-01-18',
  ...more,
});
const bronzeAt = (date: string, version: number) =>
  new Map([['bronze.events', new Map([[date, { version, at: published.at }]])]]);
const surveyed = (
  known: IntervalRecord | undefined,
  changes = changedInputs(catalogue, silver, '2025-01-18', known?.published, new Map()),
) => ({
  product: 'silver.trips',
  interval: '2025-01-18',
  state: stateOf(known, changes),
  record: known,
  changedInputs: changes,
});

describe('the state of an interval', () => {
  it('is missing until a build has published it', () => {
    expect(stateOf(undefined, [])).toBe('missing');
    expect(stateOf(record({}), [])).toBe('missing');
    expect(stateOf(record({ published }), [])).toBe('published');
  });

  it('is running while it is claimed, whatever came before', () => {
    const claim = { workflowId: 'w', buildId: 'b', since: published.at };
    const failure = { state: 'failed' as const, reason: 'lost', buildId: 'b', at: published.at };
    expect(stateOf(record({ published, failure, claim }), [])).toBe('running');
    expect(stateOf(record({ published, failure }), [])).toBe('failed');
  });

  it('is stale once a date that it reads has changed in a later version than the one it was built from', () => {
    const stale = (date: string, version: number) =>
      changedInputs(catalogue, silver, '2025-01-18', published, bronzeAt(date, version)).length > 0;
    expect(stale('2025-01-18', 21)).toBe(true);
    expect(stale('2025-01-17', 21)).toBe(true);
    expect(stale('2025-01-19', 21)).toBe(true);
    expect(stale('2025-01-18', 20)).toBe(false);
    expect(stale('2025-01-16', 21)).toBe(false);
    expect(stale('2025-01-20', 21)).toBe(true);
    expect(stale('2025-01-21', 21)).toBe(false);
  });

  it('is unloaded while the warehouse lacks what the lake has, unless it is stale and built again anyway', () => {
    expect(stateOf(record({ published: { ...published, loaded: null } }), [])).toBe('unloaded');
    const changes = changedInputs(catalogue, silver, '2025-01-18', published, bronzeAt('2025-01-18', 21));
    expect(stateOf(record({ published: { ...published, loaded: null } }), changes)).toBe('stale');
  });

  it('is missing, not stale, where nothing is published, whatever there is to build it from', () => {
    const changes = changedInputs(catalogue, silver, '2025-01-18', undefined, bronzeAt('2025-01-18', 21));
    expect(changes).toHaveLength(1);
    expect(stateOf(undefined, changes)).toBe('missing');
  });
});

describe('an explanation', () => {
  it('of a published interval tells its rows, its version and what it was made from', () => {
    expect(explain(surveyed(record({ published })), '2025-01-19', null)).toBe(
      'silver.trips 2025-01-18 is published: 5,912 rows, 0 duplicate, 0 quarantined, quality 99.8 %, in table version 7 ' +
        '(build silver.trips/2025-01-18/abc, 2025-01-19T01:02:03Z for $0.0123, code 0123456789ab), from version 20 of ' +
        'bronze.events. None of its inputs has changed since.',
    );
  });

  it('of an interval of the warehouse tells whether it is loaded, and where it is not how it comes there', () => {
    const loaded = { statementId: 'statement-1', rows: 5_912, at: '2025-01-19T01:03:04.000Z' };
    expect(explain(surveyed(record({ published: { ...published, loaded } })), '2025-01-19', null)).toContain(
      'from version 20 of bronze.events; loaded into the warehouse 2025-01-19T01:03:04Z.',
    );
    const text = explain(surveyed(record({ published: { ...published, loaded: null } })), '2025-01-19', null);
    expect(text).toContain('silver.trips 2025-01-18 is unloaded: the lake has 5,912 rows');
    expect(text).toContain('the warehouse does not. Build it again: temporal workflow start');
  });

  it('of a date of trips tells how many events are in none', () => {
    const text = explain(surveyed(record({ published: { ...published, orphanEvents: 1_204 } })), '2025-01-19', null);
    expect(text).toContain('0 quarantined, 1,204 orphan events, quality');
  });

  it('of an interval that somebody let go on tells without what, who and why', () => {
    const forced = { missing: ['bronze.events 2025-01-18T03..2025-01-18T04'], by: 'ada', why: 'the source is down' };
    expect(explain(surveyed(record({ published: { ...published, forced } })), '2025-01-19', null)).toContain(
      'version 20 of bronze.events, without bronze.events 2025-01-18T03..2025-01-18T04: ada went on (the source is down).',
    );
  });

  it('of a missing interval gives the command that builds it', () => {
    expect(explain(surveyed(undefined), '2025-01-19', null)).toContain(
      `--type buildProduct --workflow-id build/silver.trips/2025-01-18 --input '{"product":"silver.trips","start":"2025-01-18","end":"2025-01-19"}'`,
    );
  });

  it('of a stale interval names the date and the versions', () => {
    const known = record({ published });
    const changes = changedInputs(catalogue, silver, '2025-01-18', published, bronzeAt('2025-01-17', 26));
    expect(explain(surveyed(known, changes), '2025-01-19', null)).toContain(
      'is stale: bronze.events of 2025-01-17 changed in its version 26 and this was built from version 20',
    );
  });

  it('of a failed interval gives the reason, and what readers see meanwhile', () => {
    const failure = { state: 'quarantined' as const, reason: 'no city.', buildId: 'b', at: published.at };
    const text = explain(surveyed(record({ published, failure })), '2025-01-19', null);
    expect(text).toContain('is quarantined since 2025-01-19T01:02:03Z: no city. Its rows were held back by the audit.');
    expect(text).toContain('Until then readers see 5,912 rows');
  });

  it('of a running interval says what its workflow says, or that it has ended', () => {
    const claim = { workflowId: 'build/silver.trips/2025-01-18', buildId: 'b', since: published.at };
    const known = surveyed(record({ claim }));
    expect(explain(known, '2025-01-19', 'loading: statement 5')).toContain(
      'is running, since 2025-01-19T01:02:03Z by workflow build/silver.trips/2025-01-18: loading: statement 5.',
    );
    expect(explain(known, '2025-01-19', null)).toContain(
      'that workflow has ended: the next build takes the claim over',
    );
  });
});

describe('a commit of a table', () => {
  const info = (userMetadata: string) => JSON.stringify({ commitInfo: { timestamp: 1_737_200_000_000, userMetadata } });
  const add = (date: string, dataChange = true) =>
    JSON.stringify({ add: { path: 'x', partitionValues: { event_date: date }, dataChange } });

  it('tells the partitions in which rows changed', () => {
    const remove = JSON.stringify({ remove: { partitionValues: { event_date: '2025-01-16' }, dataChange: true } });
    const text = [info(''), add('2025-01-18'), add('2025-01-18'), remove, add('2025-01-10', false), ''].join('\n');
    expect(parseCommit(4, text)).toEqual({
      version: 4,
      at: '2025-01-18T11:33:20.000Z',
      build: null,
      restored: null,
      changedPartitions: ['2025-01-16', '2025-01-18'],
    });
  });

  it('that is no build of ours has none, whatever its metadata', () => {
    for (const text of ['maintenance', '{"by":"somebody"}']) expect(parseCommit(1, info(text)).build).toBeNull();
  });
});
