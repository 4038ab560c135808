import type { ApplicationRecord } from './records.ts';
import { archiveClasses } from './class-archive.ts';
import { parseMemoryBytes, type DriverSize, type SparkEnvironment } from './spark-environment.ts';
import { WarmDriver } from './warm-driver.ts';

export interface PoolLimits {
  readonly maxDrivers: number;
  readonly runsPerDriver: number;
}

/** The warm drivers of one application: as many as its initialCapacity asks for, within the limits. */
export class WarmPool {
  readonly size: DriverSize;
  readonly #spark: SparkEnvironment;
  readonly #limits: PoolLimits;
  readonly #onDefect: (error: unknown) => void;
  readonly #closing = new AbortController();
  readonly #idle: WarmDriver[] = [];
  readonly #all = new Set<WarmDriver>();
  readonly #warming = new Set<Promise<void>>();
  /** Resolves when a driver may have become free, or a wait for one is over. */
  #change: PromiseWithResolvers<void> = Promise.withResolvers();
  #starting: Promise<void> = Promise.resolve();

  constructor(spark: SparkEnvironment, size: DriverSize, limits: PoolLimits, onDefect: (error: unknown) => void) {
    this.#spark = spark;
    this.size = size;
    this.#limits = limits;
    this.#onDefect = onDefect;
  }

  /** Resolves when the first driver is ready; the others follow. */
  start(count: number): Promise<void> {
    this.#starting = this.#start(count);
    return this.#starting;
  }

  async #start(count: number): Promise<void> {
    // The others start from the archive that is made of it, and take no time from who waits for it.
    await this.#warm();
    if (this.#closing.signal.aborted) return;
    for (let others = count - 1; others > 0; others -= 1) void this.#warm();
  }

  #warm(): Promise<void> {
    const { signal } = this.#closing;
    const tell = (error: unknown): void => {
      if (!signal.aborted) this.#onDefect(error);
    };
    const warming = WarmDriver.start(this.#spark, this.size, signal).then(async (driver) => {
      // Without an archive drivers start more slowly, and do all the same.
      await archiveClasses(this.#spark, driver.pid, signal).catch(tell);
      this.#all.add(driver);
      this.#idle.push(driver);
      void driver.exit.then(() => {
        this.#discard(driver);
      });
    }, tell);
    this.#warming.add(warming);
    void warming.then(() => {
      this.#warming.delete(warming);
      this.#wake();
    });
    return warming;
  }

  readonly #wake = (): void => {
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  };

  /** A warm driver, waiting while one is on its way until any is free; undefined if all are busy, or `signal` is aborted. */
  async acquire(signal: AbortSignal): Promise<WarmDriver | undefined> {
    signal.addEventListener('abort', this.#wake);
    try {
      while (!signal.aborted) {
        const driver = this.#idle.shift();
        if (driver !== undefined || this.#warming.size === 0) return driver;
        await this.#change.promise;
      }
      return undefined;
    } finally {
      signal.removeEventListener('abort', this.#wake);
    }
  }

  /** Takes a driver back. One whose run did not end well is replaced, since its JVM may be in any state. */
  release(driver: WarmDriver, reusable: boolean): void {
    if (!this.#all.has(driver)) return;
    if (reusable && driver.runs < this.#limits.runsPerDriver) {
      this.#idle.push(driver);
      this.#wake();
      return;
    }
    this.#discard(driver);
  }

  /** Forgets a driver and warms another in its place. */
  #discard(driver: WarmDriver): void {
    if (!this.#all.delete(driver)) return;
    const index = this.#idle.indexOf(driver);
    if (index >= 0) this.#idle.splice(index, 1);
    void driver.stop().catch(this.#onDefect);
    if (!this.#closing.signal.aborted) void this.#warm();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    // Its failure has been told to whoever started the pool.
    await Promise.allSettled([this.#starting, ...this.#warming]);
    await Promise.all(this.#warming);
    const drivers = [...this.#all];
    this.#all.clear();
    this.#idle.length = 0;
    await Promise.all(drivers.map((driver) => driver.stop()));
  }
}

/** The drivers that an application wants to have ready: how many, and of which size. */
export const wantedDrivers = (
  application: ApplicationRecord,
  defaultSize: DriverSize,
): { count: number; size: DriverSize } => {
  const capacity = Object.entries(application.settings.initialCapacity ?? {});
  const driver = capacity.find(([workerType]) => workerType.toLowerCase() === 'driver')?.[1];
  const { cpu, memory } = driver?.workerConfiguration ?? {};
  return {
    count: driver?.workerCount ?? 0,
    size: {
      cores: cpu === undefined ? defaultSize.cores : Number.parseInt(cpu, 10),
      memoryBytes: memory === undefined ? defaultSize.memoryBytes : parseMemoryBytes(memory),
    },
  };
};
