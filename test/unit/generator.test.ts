import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InvalidGeneratorOptions, type GeneratorOptions } from '../../local/generator/options.ts';
import { rawLines } from '../../local/generator/raw-lines.ts';
import { putInDirectory } from '../../local/generator/raw-parts.ts';
import { writeRaw } from '../../local/generator/write-raw.ts';
import { readTruth, type Truth } from '../truth/read-truth.ts';

const HOUR_MS = 3_600_000;
const options: GeneratorOptions = {
  seed: 'test',
  start: '2025-01-18',
  days: 2,
  tripsPerDay: 1_500,
  newSchemaFrom: '2025-01-19T00',
  mishaps: { faulty: 0.03, late: 0.03 },
};

interface ReadLine {
  readonly file: string;
  readonly line: number;
  readonly hour: string;
  readonly text: string;
}

/** Reads the landed files as a stranger would: hour from the path, files by name, lines by number. */
async function readLanded(directory: string): Promise<ReadLine[]> {
  const names = (await readdir(directory, { recursive: true })).filter((name) => name.endsWith('.json.gz')).sort();
  const files = await Promise.all(
    names.map(async (file) => {
      const hour = /year=(\d{4})\/month=(\d\d)\/day=(\d\d)\/hour=(\d\d)\//.exec(file)!;
      const text = gunzipSync(await readFile(join(directory, file))).toString();
      return text
        .slice(0, -1)
        .split('\n')
        .map((line, index) => ({
          file,
          line: index + 1,
          hour: `${hour[1]!}-${hour[2]!}-${hour[3]!}T${hour[4]!}`,
          text: line,
        }));
    }),
  );
  return files.flat();
}

/** Judges a line by the rules alone, knowing nothing of how it was made. */
function judge({ text, hour }: ReadLine): string | { readonly event_id: string; readonly event_timestamp: string } {
  if (text.trim() === '') return 'EMPTY_LINE';
  let event: Record<string, unknown> | null;
  try {
    event = JSON.parse(text) as Record<string, unknown> | null;
  } catch {
    return 'UNPARSABLE';
  }
  if (typeof event !== 'object' || event === null || Array.isArray(event)) return 'UNPARSABLE';
  if (event.event_id == null) return 'MISSING_EVENT_ID';
  if (event.event_name == null) return 'MISSING_EVENT_NAME';
  const timestamp = event.event_timestamp;
  if (timestamp == null) return 'MISSING_TIMESTAMP';
  const instant = new Date(timestamp as string);
  if (Number.isNaN(instant.getTime()) || instant.toISOString() !== timestamp) return 'BAD_TIMESTAMP';
  if (instant.getTime() > Date.parse(`${hour}:00:00Z`) + 2 * HOUR_MS) return 'FUTURE_TIMESTAMP';
  if (instant.getTime() < Date.parse('2024-01-01T00:00:00Z')) return 'ANCIENT_TIMESTAMP';
  return { event_id: event.event_id as string, event_timestamp: timestamp };
}

describe('raw events landed in a directory', () => {
  let directory: string;
  let landed: ReadLine[];
  let truth: Truth;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'generator-'));
    const truthDirectory = join(directory, 'truth');
    await writeRaw(options, { put: putInDirectory(directory), rollBytes: 200_000, truthDirectory });
    landed = await readLanded(directory);
    truth = await readTruth(truthDirectory);
  });
  afterAll(async () => {
    await rm(directory, { recursive: true });
  });

  it('are what the truth says, line by line, when judged by the rules alone', () => {
    const published = new Map<string, { file: string; line: number; arrival_hour: string; event_timestamp: string }>();
    const quarantine: { file: string; line: number; reason: string; arrival_hour: string }[] = [];
    for (const line of landed) {
      const at = { file: line.file, line: line.line, arrival_hour: line.hour };
      const verdict = judge(line);
      if (typeof verdict === 'string') quarantine.push({ ...at, reason: verdict });
      else if (!published.has(verdict.event_id)) {
        published.set(verdict.event_id, { ...at, event_timestamp: verdict.event_timestamp });
      }
    }
    expect(truth.quarantine).toEqual(quarantine);
    expect(new Set(quarantine.map(({ reason }) => reason)).size).toBe(8);
    expect(
      truth.events.map(({ event_id, file, line, arrival_hour, event_timestamp }) => [
        event_id,
        { file, line, arrival_hour, event_timestamp },
      ]),
    ).toEqual([...published]);
  });

  it('say in their payload what the truth says of it', () => {
    const textAt = new Map(landed.map(({ file, line, text }) => [`${file}:${line}`, text]));
    for (const event of truth.events) {
      const { payload, ...envelope } = JSON.parse(textAt.get(`${event.file}:${event.line}`)!) as {
        readonly payload: Record<string, unknown>;
      } & Record<string, unknown>;
      const pickup = payload.pickup_location as Record<string, number> | undefined;
      expect(event).toMatchObject(envelope);
      expect(event).toMatchObject({
        trip_id: payload.trip_id,
        driver_id: payload.driver_id,
        rider_id: payload.rider_id ?? null,
        city_id: payload.city_id ?? null,
        geo_zone: payload.geo_zone ?? null,
        vehicle_type: payload.vehicle_type ?? null,
        status: payload.status ?? null,
        start_lat: pickup?.latitude ?? null,
        start_lon: pickup?.longitude ?? null,
        estimated_fare: payload.estimated_fare ?? null,
        actual_fare: payload.actual_fare ?? null,
        surge_multiplier: payload.surge_multiplier ?? null,
        rating: payload.rating ?? null,
        duration: payload.duration ?? null,
      });
    }
  });

  it('add up hour by hour', () => {
    const linesOf = Map.groupBy(landed, ({ hour }) => hour);
    expect(truth.hours.map(({ arrival_hour, lines }) => [arrival_hour, lines])).toEqual(
      [...linesOf].map(([hour, lines]) => [hour, lines.length]),
    );
    for (const { lines, published, duplicates, quarantined } of truth.hours) {
      expect(published + duplicates + Object.values(quarantined).reduce((sum, count) => sum + count, 0)).toBe(lines);
    }
  });

  it('hold every mishap: retries in the same and in later hours, lateness over 48 hours, trips over midnight', () => {
    const duplicates = truth.hours.reduce((sum, hour) => sum + hour.duplicates, 0) / landed.length;
    expect(duplicates).toBeGreaterThan(0.02);
    expect(duplicates).toBeLessThan(0.05);
    const hoursOf = Map.groupBy(
      landed
        .map((line) => ({ hour: line.hour, verdict: judge(line) }))
        .filter(({ verdict }) => typeof verdict !== 'string'),
      ({ verdict }) => (verdict as { event_id: string }).event_id,
    );
    const repeated = [...hoursOf.values()]
      .filter((lines) => lines.length > 1)
      .map((lines) => new Set(lines.map((line) => line.hour)).size);
    expect(repeated).toContain(1);
    expect(repeated).toContain(2);
    expect(truth.events.some((event) => event.is_late)).toBe(true);
    expect(truth.events.some((event) => event.arrival_hour > event.event_timestamp.slice(0, 13))).toBe(true);
    const names = new Set(truth.events.map((event) => event.event_name));
    expect(names.size).toBe(9);
    expect(new Set(truth.events.map((event) => event.status))).toEqual(
      new Set(['PENDING', 'ACTIVE', 'COMPLETED', 'CANCELLED', 'FAILED', 'AVAILABLE', 'ON_TRIP', null]),
    );
    const datesOf = Map.groupBy(truth.events, (event) => event.trip_id);
    expect([...datesOf.values()].some((events) => new Set(events.map((event) => event.event_date)).size > 1)).toBe(
      true,
    );
  });

  it('change their schema version at the hour asked for', () => {
    for (const { event_timestamp, schema_version } of truth.events) {
      expect(schema_version).toBe(event_timestamp < '2025-01-19T00:00:00.000Z' ? 'v2.1' : 'v2.2');
    }
  });
});

describe('generated lines', () => {
  const text = (more: GeneratorOptions): string[] =>
    Array.from(rawLines(more), (line) => `${new Date(line.arrivalHourMs).toISOString()} ${line.text}`);
  const small: GeneratorOptions = { start: '2025-01-18', tripsPerDay: 100 };

  it('are the same for the same seed, and others for another', () => {
    expect(text(small)).toEqual(text(small));
    expect(text({ ...small, seed: 2 })).not.toEqual(text(small));
  });

  it('are a stretch of the whole when only some arrival hours are asked for', () => {
    const whole = text(small);
    const from = whole.findIndex((line) => line >= '2025-01-18T06');
    const before = whole.findIndex((line) => line >= '2025-01-18T09');
    expect(text({ ...small, arrivedFrom: '2025-01-18T06', arrivedBefore: '2025-01-18T09' })).toEqual(
      whole.slice(from, before),
    );
  });

  it('are about as long as asked, with the same events inside', () => {
    const clean: GeneratorOptions = { ...small, mishaps: { faulty: 0 } };
    const [short, long] = [1_024, 5_000].map((eventBytes) => [...rawLines({ ...clean, eventBytes })]);
    for (const line of long!) expect(Math.abs(line.text.length - 5_000)).toBeLessThan(20);
    expect(long!.map(({ outcome }) => outcome)).toEqual(short!.map(({ outcome }) => outcome));
  });

  it('come once each and whole when nothing may go wrong', () => {
    const none = { duplicateSoon: 0, duplicateLater: 0, late: 0, fastClock: 0, faulty: 0 };
    const kinds = Array.from(rawLines({ ...small, mishaps: none }), (line) => line.outcome.kind);
    expect(new Set(kinds)).toEqual(new Set(['published']));
  });

  it('are refused with every problem named when the options are wrong', () => {
    const wrong = { start: '2025-02-30', days: 0, cities: ['atlantis'] } as unknown as GeneratorOptions;
    expect(() => [...rawLines(wrong)]).toThrow(InvalidGeneratorOptions);
    expect(() => [...rawLines(wrong)]).toThrow(/start: no such date[^]*days:[^]*cities\.0:/);
  });
});

describe('landing files', () => {
  it('reports a file that could not be put', async () => {
    const put = () => Promise.reject(new Error('bucket is gone'));
    await expect(writeRaw({ start: '2025-01-18', tripsPerDay: 50 }, { put })).rejects.toThrow(/cannot put raw\/events/);
  });

  it('stops when told to', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    const put = () => Promise.resolve();
    await expect(writeRaw({ start: '2025-01-18', tripsPerDay: 50 }, { put, signal })).rejects.toThrow('enough');
  });

  it('reports truth that could not be written', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'generator-'));
    await mkdir(join(directory, 'events.ndjson.gz'));
    const put = () => Promise.resolve();
    const landing = writeRaw({ start: '2025-01-18', tripsPerDay: 50 }, { put, truthDirectory: directory });
    await expect(landing).rejects.toThrow(/EISDIR/);
    await rm(directory, { recursive: true });
  });
});
