import type { Capacity } from './applications.ts';
import type { ApplicationRecord } from './records.ts';
import type { SparkEnvironment } from './spark-environment.ts';
import { wantedDrivers, WarmPool, type PoolLimits } from './warm-pool.ts';

/** The warm pools of the applications that are started. */
export class WarmPools implements Capacity {
  readonly #spark: SparkEnvironment;
  readonly #limits: PoolLimits;
  readonly #onDefect: (error: unknown) => void;
  readonly #pools = new Map<string, WarmPool>();

  constructor(spark: SparkEnvironment, limits: PoolLimits, onDefect: (error: unknown) => void) {
    this.#spark = spark;
    this.#limits = limits;
    this.#onDefect = onDefect;
  }

  get(applicationId: string): WarmPool | undefined {
    return this.#pools.get(applicationId);
  }

  readonly start = async (application: ApplicationRecord): Promise<void> => {
    const { count, size } = wantedDrivers(application, this.#spark.defaultSize);
    const drivers = Math.min(count, this.#limits.maxDrivers);
    if (drivers === 0) return;
    const pool = new WarmPool(this.#spark, size, this.#limits, this.#onDefect);
    this.#pools.set(application.id, pool);
    await pool.start(drivers);
  };

  readonly stop = async (applicationId: string): Promise<void> => {
    const pool = this.#pools.get(applicationId);
    this.#pools.delete(applicationId);
    await pool?.close();
  };

  async close(): Promise<void> {
    await Promise.all([...this.#pools.keys()].map(this.stop));
  }
}
