import type { DateTime } from 'luxon';
import type { Catalogue } from '../../model/catalogue.ts';
import { intervalStart, shiftInterval } from '../../model/intervals.ts';
import { newestEventOf } from './data-age.ts';
import { builtProducts, type LedgerReader } from './survey.ts';

/** How old what a product holds is, in hours, beside what its contract allows. */
export interface ProductAge {
  readonly product: string;
  /** The newest interval that is published; null while none is. */
  readonly interval: string | null;
  /** Since its end. */
  readonly buildAge: number | null;
  /** An interval, until its schedule fires, and the latency after that. */
  readonly buildLimit: number;
  /** Since the newest event; null for what has none. */
  readonly dataAge: number | null;
  readonly dataLimit: number | null;
}

const lengths = { hour: 1, date: 24 } as const;

/** The ages of all that is built, at `at`. */
export async function agesOf(ledger: LedgerReader, catalogue: Catalogue, at: DateTime): Promise<ProductAge[]> {
  const since = (instant: DateTime | null): number | null => instant && at.diff(instant).as('hours');
  return Promise.all(
    builtProducts(catalogue).map(async (product) => {
      const { key, grain, cadence, latencyMinutes, freshness } = product;
      const [newest] = (await ledger.newest(key, 100)).filter(({ published }) => published);
      return {
        product: key,
        interval: newest?.interval ?? null,
        buildAge: since(newest ? intervalStart(shiftInterval(grain, newest.interval, 1)) : null),
        buildLimit: lengths[grain] + (cadence.firesAfterMinutes + latencyMinutes) / 60,
        dataAge: freshness ? since(await newestEventOf(ledger, product)) : null,
        dataLimit: freshness?.hours ?? null,
      };
    }),
  );
}
