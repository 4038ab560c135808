import { describe, expect, it } from 'vitest';
import { chunkRange, intervalsIn, rangeName, shiftInterval } from '../../model/intervals.ts';

describe('intervals', () => {
  it('of a run leave out its end', () => {
    expect(intervalsIn('hour', { start: '2025-01-18T23', end: '2025-01-19T01' })).toEqual([
      '2025-01-18T23',
      '2025-01-19T00',
    ]);
    expect(intervalsIn('date', { start: '2025-02-28', end: '2025-03-02' })).toEqual(['2025-02-28', '2025-03-01']);
  });

  it('are counted in UTC, so a change of clocks changes nothing', () => {
    expect(intervalsIn('hour', { start: '2025-03-09T00', end: '2025-03-10T00' })).toHaveLength(24);
  });

  it.each([
    ['date', { start: '2025-01-18T03', end: '2025-01-19T03' }, /they are dates, such as 2025-01-18/],
    ['hour', { start: '2025-01-18', end: '2025-01-19' }, /they are hours, such as 2025-01-18T03/],
    ['date', { start: '2025-01-18', end: '2025-01-18' }, /must lie after start/],
    ['date', { start: '2025-02-30', end: '2025-03-01' }, /"2025-02-30" is no interval/],
    ['date', { start: 'yesterday', end: '2025-03-01' }, /"yesterday" is no interval/],
  ] as const)('of grain %s refuse %o and say what is allowed', (grain, range, message) => {
    expect(() => intervalsIn(grain, range)).toThrow(message);
  });

  it('are cut into runs that join without gap or overlap', () => {
    const chunks = chunkRange('hour', { start: '2025-01-01T00', end: '2025-01-03T05' }, 24);
    expect(chunks).toEqual([
      { start: '2025-01-01T00', end: '2025-01-02T00' },
      { start: '2025-01-02T00', end: '2025-01-03T00' },
      { start: '2025-01-03T00', end: '2025-01-03T05' },
    ]);
  });

  it('are named by the first and the last that is in the run', () => {
    expect(rangeName('date', { start: '2025-01-18', end: '2025-01-19' })).toBe('2025-01-18');
    expect(rangeName('hour', { start: '2025-01-18T03', end: '2025-01-18T05' })).toBe('2025-01-18T03..2025-01-18T04');
  });

  it('shift over months and years', () => {
    expect(shiftInterval('date', '2024-03-01', -1)).toBe('2024-02-29');
    expect(shiftInterval('hour', '2024-12-31T23', 1)).toBe('2025-01-01T00');
  });
});
