import { describe, expect, it } from 'vitest';
import { dailyWindow } from '../../model/graph.ts';
import { changesLeft } from '../../activities/planning/stale-readers.ts';
import { loadCatalogue } from '../../model/catalogue.ts';
import { datesToRestate } from '../../model/daily-window.ts';
import { MemoryLedger, publishedBuild } from '../workflow/memory-ledger.ts';

const catalogue = loadCatalogue();

describe('what the next daily batch covers', () => {
  const changed = ['2025-01-14', '2025-01-15', '2025-01-16', '2025-01-17', '2025-01-18'];
  const late = (now: string) => datesToRestate({ readersBuiltBy: 'next daily batch' }, changed, Date.parse(now));

  it('is the dates whose readers all lie in its window', () => {
    expect(dailyWindow(catalogue, '2025-01-18')).toEqual({ start: '2025-01-14', end: '2025-01-19' });
    expect(late('2025-01-18T05:20:00Z')).toEqual(['2025-01-14', '2025-01-15']);
  });

  it('counts from when the change is known, not from the hours that brought it', () => {
    expect(late('2025-01-18T00:59:59Z')).toEqual(['2025-01-14']);
    expect(late('2025-01-18T01:00:00Z')).toEqual(['2025-01-14', '2025-01-15']);
    expect(late('2025-01-19T06:00:00Z')).toEqual(['2025-01-14', '2025-01-15', '2025-01-16']);
  });

  it('is of no matter to a build by hand, nor to one whose caller builds its readers', () => {
    const now = Date.parse('2025-01-18T05:20:00Z');
    expect(datesToRestate({}, changed, now)).toEqual(changed);
    expect(datesToRestate({ readersBuiltBy: 'caller' }, changed, now)).toEqual([]);
  });
});

describe('what a plan leaves stale', () => {
  const built = [
    { product: 'bronze.events', start: '2025-01-19T00', end: '2025-01-19T04' },
    { product: 'silver.trips', start: '2025-01-17', end: '2025-01-21' },
  ];
  const days = { start: '2025-01-01', end: '2025-01-21' };
  const hours = { start: '2025-01-19T00', end: '2025-01-19T04' };
  const changes = ['2025-01-07', '2025-01-18'];

  it('is what reads its changes outside of it', async () => {
    const ledger = new MemoryLedger();
    ledger.publish(publishedBuild('silver.trips', days, { inputVersions: { 'bronze.events': 7 } }));
    ledger.publish(publishedBuild('bronze.events', hours, { outputVersion: 8, changedPartitions: changes }));
    expect(await changesLeft(catalogue, ledger, built, built)).toEqual([
      { product: 'bronze.events', dates: ['2025-01-07', '2025-01-18'] },
    ]);
    const wide = [built[0]!, { ...built[1]!, start: '2025-01-16' }];
    expect(await changesLeft(catalogue, ledger, wide, wide)).toEqual([
      { product: 'bronze.events', dates: ['2025-01-07'] },
    ]);
  });

  it('is nothing where nothing was built, or all of it from what there is', async () => {
    const ledger = new MemoryLedger();
    ledger.publish(publishedBuild('bronze.events', hours, { outputVersion: 8, changedPartitions: changes }));
    expect(await changesLeft(catalogue, ledger, built, built)).toEqual([]);
    ledger.publish(publishedBuild('silver.trips', days, { inputVersions: { 'bronze.events': 8 } }));
    expect(await changesLeft(catalogue, ledger, built, built)).toEqual([]);
  });
});
