import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GeneratorOptions } from '../../local/generator/options.ts';
import { play, type PlayOptions } from '../../local/generator/play.ts';
import { rawLines } from '../../local/generator/raw-lines.ts';
import { type PlayTruth, readPlay } from '../truth/read-play.ts';

const night: GeneratorOptions = {
  ...{ start: '2025-01-18', arrivedBefore: '2025-01-18T05', tripsPerDay: 4_000 },
  mishaps: { faulty: 0.1, duplicateSoon: 0.1 },
};

async function played(options: Partial<PlayOptions> = {}, day = night) {
  const puts: (readonly string[])[] = [];
  const put = async (lines: readonly string[]) => puts.push(lines);
  const counts = await play(day, { speed: Infinity, put, ...options });
  return { puts, lines: puts.flat(), counts };
}

describe('a played period', () => {
  let folder: string;
  let truth: PlayTruth;
  let sent: Awaited<ReturnType<typeof played>>;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tideline-play-'));
    sent = await played({ truthDirectory: folder });
    truth = await readPlay(folder);
  });
  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  it('sends the lines that a landed one has, in their order, but those of the future', () => {
    const landed = [...rawLines(night)];
    expect(sent.lines).toHaveLength(landed.length);
    const others = landed.filter(({ text }, index) => text !== sent.lines[index]);
    expect(new Set(others.map(({ outcome }) => 'reason' in outcome && outcome.reason))).toEqual(
      new Set(['FUTURE_TIMESTAMP']),
    );
    expect(sent.puts.every((lines) => lines.length > 0 && lines.length <= 2_000)).toBe(true);
    expect(sent.puts.length).toBeGreaterThan(1);
  });

  it('dates what comes from the future after now, whatever day is played', () => {
    const landed = [...rawLines(night)];
    const future = landed.flatMap(({ outcome }, index) =>
      outcome.kind === 'quarantined' && outcome.reason === 'FUTURE_TIMESTAMP' ? [sent.lines[index] ?? ''] : [],
    );
    expect(future.length).toBeGreaterThan(0);
    for (const line of future)
      expect(Date.parse((JSON.parse(line) as { event_timestamp: string }).event_timestamp)).toBeGreaterThan(Date.now());
  });

  it('writes down what must come of each line, and nothing that only the delivery decides', () => {
    const { lines, published, duplicates, refused, quarantined } = sent.counts;
    expect(lines).toBe(sent.lines.length);
    expect([truth.events.length, truth.copies.length]).toEqual([published, duplicates]);
    const faults = truth.faults.map((fault) => fault.refused);
    expect([faults.filter(Boolean).length, faults.filter((is) => !is).length]).toEqual([refused, quarantined]);
    expect(published + duplicates + refused + quarantined).toBe(lines);
    const ids = new Set(truth.events.map(({ event_id }) => event_id));
    expect(ids.size).toBe(published);
    expect(truth.copies.every(({ event_id }) => ids.has(event_id))).toBe(true);
    for (const column of ['file', 'line', 'arrival_hour', 'is_late'])
      expect(truth.events[0]).not.toHaveProperty(column);
  });

  it('takes as long as in life, divided by its speed', async () => {
    const hour: GeneratorOptions = { ...night, arrivedBefore: '2025-01-18T01' };
    const times = Array.from(rawLines(hour), ({ arrivalMs }) => arrivalMs);
    const speed = 10_000;
    const began = Date.now();
    const { puts } = await played({ speed }, hour);
    const expectedMs = ((times.at(-1) ?? 0) - (times[0] ?? 0)) / speed;
    // A timer may be early by a millisecond.
    expect(Date.now() - began).toBeGreaterThan(expectedMs - 2);
    expect(puts.length).toBeGreaterThan(1);
  });

  it('stops when it is told to, and with the failure of what takes its lines', async () => {
    await expect(played({ signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
    const put = async () => Promise.reject(new Error('the stream is gone'));
    await expect(played({ put })).rejects.toThrow('the stream is gone');
  });
});
