import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fingerprint, listRawFiles, type RawFile } from '../../activities/lake/raw-files.ts';
import { MemoryS3 } from './memory-s3.ts';

const golden = JSON.parse(readFileSync(new URL('../raw-fingerprints.json', import.meta.url), 'utf8')) as {
  files: RawFile[];
  fingerprint: string;
}[];
const names = JSON.parse(readFileSync(new URL('../golden/raw-names.json', import.meta.url), 'utf8')) as Record<
  'read' | 'foreign',
  string[]
>;

describe('the fingerprint of raw files', () => {
  it.each(golden)('is the same in both languages: $fingerprint', (each) => {
    expect(fingerprint(each.files)).toBe(each.fingerprint);
    expect(fingerprint(each.files.toReversed())).toBe(each.fingerprint);
  });
});

describe('a listing of raw files', () => {
  it('has the names that jobs read, and tells the others and those in no hour', async () => {
    const s3 = new MemoryS3({});
    const day = 'raw/events/year=2025/month=01/day=18';
    for (const name of [...names.read, ...names.foreign]) s3.put(`${day}/hour=23/${name}`, name);
    s3.put(`${day}/hour=24/x.gz`, 'x');
    const { byHour, foreign } = await listRawFiles(s3, 's3://raw/raw/events', ['2025-01-18']);
    expect([...byHour.keys()]).toEqual(['2025-01-18T23']);
    expect(
      byHour
        .get('2025-01-18T23')
        ?.map(([name]) => name)
        .toSorted(),
    ).toEqual(names.read.toSorted());
    const others = [...names.foreign.map((name) => `${day}/hour=23/${name}`), `${day}/hour=24/x.gz`];
    expect(foreign.toSorted()).toEqual(others.toSorted());
  });

  it('has the files of each hour, and tells what no build reads', async () => {
    const s3 = new MemoryS3({});
    const day = 'raw/events/year=2025/month=01/day=18';
    for (const key of ['/hour=03/a.json.gz', '/hour=03/b.gz', '/hour=04/', '/hour=04/c.parquet', '/stray.gz'])
      s3.put(`${day}${key}`, 'xyz');
    s3.put('raw/events/year=2025/month=01/day=19/hour=03/a.json.gz', 'other');
    for (const key of ['', '2025/01/18/03/a.gz', '2025/01/18/04/b.gz', 'a.gz', 'year=/x.gz'])
      s3.put(`raw/events/${key}`, 'beside');
    s3.put('raw/events_of_others/2025/a.gz', 'not ours');
    const { byHour, foreign } = await listRawFiles(s3, 's3://raw/raw/events', ['2025-01-18']);
    expect([...byHour]).toEqual([
      [
        '2025-01-18T03',
        [
          ['a.json.gz', 3, '"xyz"'],
          ['b.gz', 3, '"xyz"'],
        ],
      ],
    ]);
    expect(foreign.toSorted()).toEqual([
      'raw/events/2025/',
      'raw/events/a.gz',
      'raw/events/year=/',
      `${day}/hour=04/c.parquet`,
      `${day}/stray.gz`,
    ]);
  });

  it('tells what lies in no hour of the calendar, and asks no more whatever is stored', async () => {
    const s3 = new MemoryS3({});
    const year = 'raw/events/year=2025';
    s3.put(`${year}/month=01/day=18/hour=03/a.gz`, 'read');
    const list = () => listRawFiles(s3, 's3://raw/raw/events', ['2025-01-17', '2025-01-18']);
    expect((await list()).foreign).toEqual([]);
    const asked = s3.listed.length;
    for (const folder of ['', 'month=01/', 'month=01/day=17/', 'month=02/day=01/hour=00/', 'month=01/day=31/'])
      s3.put(`${year}/${folder}`, '');
    const beside = ['a.gz', 'month=01/a.gz', 'month=01/day=18/a.gz', 'month=01/day=18/hour=24/a.gz'];
    const folders = ['month=13/', 'month=1/', 'month=01/day=32/', 'month=01/day=x/', 'month=01/2/'];
    for (const key of [...beside, ...folders.map((folder) => `${folder}hour=03/a.gz`)])
      s3.put(`${year}/${key}`, 'lost');
    for (let past = 2000; past < 2024; past++) s3.put(`raw/events/year=${past}/month=02/day=01/hour=00/a.gz`, 'past');
    expect((await list()).foreign.toSorted()).toEqual(
      [...beside, ...folders].map((key) => `${year}/${key}`).toSorted(),
    );
    expect(s3.listed.length).toBe(2 * asked);
  });
});
