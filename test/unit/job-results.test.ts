import { NoSuchKey } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { $metadata, activity, type Answer, lake } from './answering-services.ts';

describe('the result of a job', () => {
  const read = (answer: Answer, since?: string) =>
    activity().run(() =>
      lake(answer).readBuildResult({ uri: 's3://artifacts/result.json', ...(since !== undefined && { since }) }),
    );
  const body = (text: string) => ({ Body: { transformToString: async () => text } });

  it('is none where there is none, and where it cannot be read', async () => {
    const missing: Answer = () => {
      throw new NoSuchKey({ message: 'no such key', $metadata });
    };
    expect(await read(missing)).toBeNull();
    expect(await read(() => body('{"product": "silv'))).toBeNull();
    expect(await read(() => body('{"product": "silver.trips"}'))).toBeNull();
  });

  it('is read as the first release wrote it, and with what a later one may add, not what an earlier run wrote', async () => {
    const first = {
      product: 'silver.trips',
      buildId: 'silver.trips/2025-01-18/1',
      codeVersion: 'c',
      status: 'failed',
      intervals: [
        { interval: '2025-01-18', rowsIn: 1, rowsPublished: 1, rowsDuplicate: 0, rowsQuarantined: 0, changed: true },
      ],
      quality: { score: 1, checks: [] },
      inputVersions: {},
      outputVersion: 1,
      changedPartitions: [],
      exportManifest: null,
      schemaDrift: [],
      error: null,
    };
    expect(await read(() => body(JSON.stringify(first)))).toEqual(first);
    const LastModified = new Date('2025-01-19T00:10:00Z');
    const written: Answer = () => ({ ...body(JSON.stringify(first)), LastModified });
    expect(await read(written, '2025-01-19T00:10:00.900Z')).toEqual(first);
    expect(await read(written, '2025-01-19T00:10:01.000Z')).toBeNull();
    const later = { ...first, energyUsed: 3, error: { kind: 'TOO_HOT', message: 'the driver melted' } };
    expect(await read(() => body(JSON.stringify(later)))).toEqual({
      ...first,
      error: { kind: 'INTERNAL', message: 'the driver melted' },
    });
  });

  it('is waited for while the lake cannot be reached', async () => {
    const denied: Answer = () => {
      throw Object.assign(new Error('Access Denied'), { name: 'AccessDenied' });
    };
    await expect(read(denied)).rejects.toThrow('Access Denied');
  });
});
