import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { SparkEnvironment } from '../../local/emr-serverless/spark-environment.ts';
import { WarmDriver } from '../../local/emr-serverless/warm-driver.ts';
import { WarmPool } from '../../local/emr-serverless/warm-pool.ts';

vi.mock('../../local/emr-serverless/class-archive.ts', () => ({ archiveClasses: () => Promise.resolve() }));
vi.mock('../../local/emr-serverless/warm-driver.ts', () => ({ WarmDriver: { start: vi.fn() } }));

const size = { cores: 2, memoryBytes: 2 ** 31 };
const stillRunning = new AbortController().signal;
let starts: ((driver: WarmDriver) => void)[];
let pool: WarmPool;

const driver = (): WarmDriver =>
  ({ runs: 0, exit: new Promise(() => undefined), stop: () => Promise.resolve() }) as unknown as WarmDriver;
/** Lets everything go on that can. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

beforeEach(() => {
  starts = [];
  vi.mocked(WarmDriver.start).mockImplementation(
    (_spark, _size, signal) =>
      new Promise((resolve, reject) => {
        starts.push(resolve);
        signal.addEventListener('abort', () => {
          reject(new Error('closed'));
        });
      }),
  );
  const limits = { maxDrivers: 2, runsPerDriver: 50 };
  pool = new WarmPool({} as unknown as SparkEnvironment, size, limits, (error) => {
    throw error;
  });
});

describe('warm drivers', () => {
  it('start one after the other, the first without competition', async () => {
    const started = pool.start(2);
    expect(starts).toHaveLength(1);
    starts[0]?.(driver());
    await started;
    expect(starts).toHaveLength(2);
  });

  it('are taken by who waits as soon as one is free, be it warmed or returned', async () => {
    const [first, second] = [driver(), driver()];
    const started = pool.start(2);
    const early = pool.acquire(stillRunning);
    starts[0]?.(first);
    await started;
    expect(await early).toBe(first);
    const [waiting, last] = [pool.acquire(stillRunning), pool.acquire(stillRunning)];
    pool.release(first, true);
    expect(await waiting).toBe(first);
    starts[1]?.(second);
    expect(await last).toBe(second);
    expect(await pool.acquire(stillRunning)).toBeUndefined();
  });

  it('are waited for no longer than the run wants one, and the next gets it', async () => {
    const first = driver();
    const started = pool.start(1);
    const cancelled = new AbortController();
    const waiting = pool.acquire(cancelled.signal);
    await settle();
    cancelled.abort();
    expect(await waiting).toBeUndefined();
    starts[0]?.(first);
    await started;
    expect(await pool.acquire(cancelled.signal)).toBeUndefined();
    expect(await pool.acquire(stillRunning)).toBe(first);
  });

  it('that are on their way are given up when the pool closes, and with them the waiting', async () => {
    void pool.start(2);
    const waiting = pool.acquire(stillRunning);
    await settle();
    await pool.close();
    expect(await waiting).toBeUndefined();
    expect(starts).toHaveLength(1);
  });
});
