import { describe, expect, it } from 'vitest';
import { intervalsIn } from '../../model/intervals.ts';
import { wholeTable } from '../../model/messages/builds.ts';
import { ownProduct } from '../behaviour/own-product.ts';
import { publishedIn } from '../behaviour/published-in.ts';
import { claimant, useLocalLedger } from './ledger-service.ts';

const own = ownProduct('silver.test');
const local = useLocalLedger();

const build = (name: string, ...intervals: string[]) => claimant(own.key, name, ...intervals);
const states = (first: string, last: string) => local.states(own.key, first, last);
const activitiesAfter = (...ended: string[]) => local.activitiesAfter(...ended);

describe('a claim', () => {
  it('is given to one of many builds that ask at once', async () => {
    const asked = await Promise.all(
      Array.from({ length: 8 }, (_, index) => local.ledger.claim(build(`b${index}`, '2025-01-18', '2025-01-19'))),
    );
    expect(asked.filter(({ claimed }) => claimed)).toHaveLength(1);
  });

  it('covers all intervals or none', async () => {
    await local.ledger.claim(build('first', '2025-01-19'));
    const second = await local.ledger.claim(build('second', '2025-01-18', '2025-01-19', '2025-01-20'));
    expect(second.claimed).toBe(false);
    expect(second.holders.map(({ workflowId }) => workflowId)).toEqual(['build/first']);
    expect(await states('2025-01-18', '2025-01-20')).toEqual([
      { interval: '2025-01-19', holder: 'build/first', version: undefined, failure: undefined },
    ]);
  });

  it('covers more intervals than one transaction takes, and leaves none of them when the last is held', async () => {
    const year = intervalsIn('date', { start: '2025-01-01', end: '2026-01-01' });
    await local.ledger.claim(build('first', '2025-12-31'));
    expect((await local.ledger.claim(build('second', ...year))).claimed).toBe(false);
    expect((await states('2025-01-01', '2025-12-31')).filter(({ holder }) => holder)).toHaveLength(1);
    await local.ledger.release(build('first', '2025-12-31'));
    expect((await local.ledger.claim(build('second', ...year))).claimed).toBe(true);
    expect((await states('2025-01-01', '2025-12-31')).filter(({ holder }) => holder === 'build/second')).toHaveLength(
      365,
    );
  });

  it('of a whole table tells of the intervals that it names, and no other of the table is given beside it', async () => {
    const whole = build('whole', wholeTable, '2025-01-18');
    expect((await local.ledger.claim(whole)).claimed).toBe(true);
    expect((await local.ledger.claim(build('other', wholeTable, '2025-01-19'))).claimed).toBe(false);
    expect((await local.ledger.claim(build('third', '2025-01-20'))).claimed).toBe(false);
    const failure = {
      state: 'failed' as const,
      reason: 'lost',
      buildId: whole.buildId,
      at: '2025-01-19T00:00:00.000Z',
    };
    await local.ledger.release(whole, failure);
    expect(await states('2025-01-18', wholeTable)).toEqual([
      { interval: '2025-01-18', holder: undefined, version: undefined, failure: 'failed' },
      { interval: wholeTable, holder: undefined, version: undefined, failure: undefined },
    ]);
    expect((await local.ledger.claim(build('other', wholeTable, '2025-01-19'))).claimed).toBe(true);
  });

  it('is given again to the workflow that has it, and taken over from one that has ended', async () => {
    const activities = activitiesAfter('build/dead');
    await local.ledger.claim(build('dead', '2025-01-18'));
    await local.ledger.claim(build('alive', '2025-01-19'));
    expect((await local.ledger.claim(build('dead', '2025-01-18'))).claimed).toBe(true);
    const both = await activities.claimIntervals(build('next', '2025-01-18', '2025-01-19'));
    expect(both).toMatchObject({ claimed: false, holders: [{ workflowId: 'build/alive' }] });
    expect((await activities.claimIntervals(build('next', '2025-01-18'))).claimed).toBe(true);
    await local.ledger.release(build('dead', '2025-01-18'));
    expect(await states('2025-01-18', '2025-01-18')).toMatchObject([{ holder: 'build/next' }]);
  });

  it('ends with a reason where the build failed, and the reason goes when a later build publishes', async () => {
    const activities = activitiesAfter();
    await local.ledger.claim(build('a', '2025-01-18'));
    await activities.releaseIntervals({
      ...build('a', '2025-01-18'),
      failure: { state: 'failed', reason: 'x'.repeat(5000) },
    });
    const [failed] = await local.ledger.records(own.key, '2025-01-18', '2025-01-18');
    expect(failed).toMatchObject({ failure: { state: 'failed', buildId: 'a/1' } });
    expect(failed?.failure?.reason).toHaveLength(1000);
    expect(failed?.claim).toBeUndefined();
    await local.ledger.publish(publishedIn(own.key, '2025-01-18'));
    expect(await states('2025-01-18', '2025-01-18')).toMatchObject([{ version: 5, failure: undefined }]);
  });
});

describe('a claim of the whole table', () => {
  const maintenance = (name: string) => build(name, wholeTable);

  it('keeps builds out until it is released', async () => {
    expect(await local.ledger.claim(maintenance('maintenance'))).toEqual({ claimed: true, holders: [] });
    const refused = await local.ledger.claim(build('b', '2025-01-18'));
    expect(refused).toMatchObject({ claimed: false, holders: [{ workflowId: 'build/maintenance' }] });
    expect(await states('2025-01-01', '2025-01-31')).toEqual([]);
    expect((await local.ledger.claim(maintenance('another'))).claimed).toBe(false);
    await local.ledger.release(maintenance('maintenance'));
    expect((await local.ledger.claim(build('b', '2025-01-18'))).claimed).toBe(true);
  });

  it('waits for the builds that run, while no other gets in', async () => {
    await local.ledger.claim(build('b', '2025-01-18', '2025-01-19'));
    const asked = await local.ledger.claim(maintenance('maintenance'));
    expect(asked).toMatchObject({ claimed: false, holders: [{ workflowId: 'build/b' }] });
    expect(asked.holders).toHaveLength(1);
    expect((await local.ledger.claim(build('next', '2025-01-20'))).claimed).toBe(false);
    await local.ledger.release(build('b', '2025-01-18', '2025-01-19'));
    expect((await local.ledger.claim(maintenance('maintenance'))).claimed).toBe(true);
    expect((await local.ledger.claim(maintenance('maintenance'))).claimed).toBe(true);
  });

  it('is given to it or to builds when all ask at once, never to both', async () => {
    const asked = [maintenance('maintenance'), ...['18', '19', '20'].map((day) => build(day, `2025-01-${day}`))];
    const [table, ...builds] = await Promise.all(asked.map((claimant) => local.ledger.claim(claimant)));
    expect(table?.claimed && builds.some(({ claimed }) => claimed)).toBe(false);
  });

  it('keeps out a build of more intervals than one transaction takes, which then holds none of them', async () => {
    const year = intervalsIn('date', { start: '2025-01-01', end: '2026-01-01' });
    await local.ledger.claim(maintenance('maintenance'));
    expect((await local.ledger.claim(build('b', ...year))).claimed).toBe(false);
    expect(await local.ledger.claim(maintenance('maintenance'))).toEqual({ claimed: true, holders: [] });
  });

  it('is taken over by builds and by the next when its workflow has ended, and takes over theirs', async () => {
    await local.ledger.claim(maintenance('dead'));
    expect((await activitiesAfter('build/dead').claimIntervals(build('b', '2025-01-18'))).claimed).toBe(true);
    const both = activitiesAfter('build/dead', 'build/b');
    expect(await both.claimIntervals(maintenance('next'))).toEqual({ claimed: true, holders: [] });
    await local.ledger.release(maintenance('dead'));
    expect((await local.ledger.claim(build('c', '2025-01-19'))).holders).toMatchObject([{ workflowId: 'build/next' }]);
  });

  it('takes over from as many builds as a year has intervals, all ended', async () => {
    const year = intervalsIn('date', { start: '2025-01-01', end: '2026-01-01' });
    for (const date of year) await local.ledger.claim(build(date, date));
    const ended = activitiesAfter(...year.map((date) => `build/${date}`));
    expect(await ended.claimIntervals(build('next', ...year))).toEqual({ claimed: true, holders: [] });
    expect(await ended.claimIntervals(maintenance('next'))).toEqual({ claimed: true, holders: [] });
  });
});
