import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Catalogue } from '../../model/catalogue.ts';
import { daysBeforeLate } from '../../model/daily-window.ts';
import { datesRead } from '../../model/graph.ts';
import { buildResultSchema, maintenanceResultSchema, restoreResultSchema } from '../../model/results.ts';
import { type Grain, intervalsIn, shiftInterval } from '../../model/intervals.ts';
import { root } from '../tools.ts';

interface Intervals {
  readonly shifted: readonly [grain: Grain, key: string, count: number, expected: string][];
  readonly runs: readonly [grain: Grain, start: string, end: string, expected: string[]][];
  readonly windows: readonly [
    grain: Grain,
    fromOffset: number,
    toOffset: number,
    date: string,
    first: string,
    last: string,
  ][];
  readonly lateAfterHours: number;
  readonly refused: readonly [grain: Grain, key: string][];
}

const golden = (name: string): unknown => JSON.parse(readFileSync(join(root, 'test', 'golden', name), 'utf8'));
const intervals = golden('intervals.json') as Intervals;
const results = golden('results.json') as Record<'build' | 'failed' | 'maintenance' | 'restore', object>;

/** What a job tells for people alone, beside what the orchestrator reads. */
const forPeople = ['generation', 'start', 'end', 'message', 'maintenanceId', 'restoreId'];

describe('what both languages must agree on', () => {
  it.each(intervals.shifted)('%s %s %d is %s', (grain, key, count, expected) => {
    expect(shiftInterval(grain, key, count)).toBe(expected);
  });

  it.each(intervals.runs)('a run of %ss from %s to %s', (grain, start, end, expected) => {
    expect(intervalsIn(grain, { start, end })).toEqual(expected);
  });

  it.each(intervals.windows)('%ss from %d to %d around %s', (grain, fromOffset, toOffset, date, first, last) => {
    const input = { product: 'silver.read', fromOffset, toOffset };
    const catalogue = { get: () => ({ grain }) } as unknown as Catalogue;
    const dates = datesRead(catalogue, input, date);
    expect([dates[0], dates.at(-1)]).toEqual([first, last]);
  });

  it('after how many hours an event is late', () => {
    expect(daysBeforeLate * 24).toBe(intervals.lateAfterHours);
  });

  it.each(intervals.refused)('no %s is %s', (grain, key) => {
    const [start, end] = grain === 'hour' ? ['2025-01-17T00', '2025-01-19T00'] : ['2025-01-17', '2025-01-19'];
    expect(() => intervalsIn(grain, { start: key, end })).toThrow(/is no interval|is not one of/);
    expect(() => intervalsIn(grain, { start, end: key })).toThrow(/is no interval|is not one of/);
  });

  it.each([
    ['build', buildResultSchema],
    ['failed', buildResultSchema],
    ['maintenance', maintenanceResultSchema],
    ['restore', restoreResultSchema],
  ] as const)('the result of a job: %s', (name, schema) => {
    const read = schema.parse(results[name]);
    const { codeVersion: _, ...told } = results[name] as { codeVersion: string };
    const expected = Object.entries(told).filter(([key]) => !forPeople.includes(key));
    expect(read).toMatchObject(Object.fromEntries(expected));
  });
});
