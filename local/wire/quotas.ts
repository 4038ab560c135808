import { WireError } from './errors.ts';

/** How often an operation may be called: `burst` at once, then `perSecond`. */
export interface Quota {
  readonly perSecond: number;
  readonly burst: number;
}

/** Token buckets, one an operation, as AWS throttles an account's calls. Operations without a quota are never throttled. */
export class Quotas {
  readonly #quotas: ReadonlyMap<string, Quota>;
  readonly #tokens = new Map<string, { left: number; atMs: number }>();
  readonly #now: () => number;

  constructor(quotas: Readonly<Record<string, Quota>>, now: () => number = Date.now) {
    this.#quotas = new Map(Object.entries(quotas));
    this.#now = now;
  }

  /** Counts a call. Throws ThrottlingException when there have been too many. */
  take(operation: string): void {
    const quota = this.#quotas.get(operation);
    if (quota === undefined) return;
    const atMs = this.#now();
    const last = this.#tokens.get(operation) ?? { left: quota.burst, atMs };
    const left = Math.min(quota.burst, last.left + ((atMs - last.atMs) / 1000) * quota.perSecond);
    this.#tokens.set(operation, { left: left < 1 ? left : left - 1, atMs });
    if (left < 1) throw new WireError('ThrottlingException', 400, `Rate exceeded for ${operation}`);
  }
}
