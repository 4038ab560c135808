import type { Catalogue } from '../../model/catalogue.ts';
import type { Product } from '../../model/product.ts';
import { type ProductRange, shiftInterval } from '../../model/intervals.ts';
import type { ChangedDates } from '../../model/messages/late-data.ts';
import { readersIn } from '../../model/graph.ts';
import { type LedgerReader, surveyProduct } from './survey.ts';

/**
 * Per product among what has been built, the dates that have changed since something that reads them was built, except
 * where that is looked after (`except`): nobody else is about to build it again.
 */
export async function changesLeft(
  catalogue: Catalogue,
  ledger: LedgerReader,
  built: readonly ProductRange[],
  except: readonly ProductRange[],
): Promise<ChangedDates[]> {
  const left = [...new Set(built.map(({ product }) => product))].map(async (product): Promise<ChangedDates> => {
    const readers = readersIn(catalogue, product).map(({ reader }) => reader);
    const dates = await Promise.all(readers.map((reader) => datesLeft(catalogue, ledger, product, reader, except)));
    return { product, dates: [...new Set(dates.flat())].sort() };
  });
  return (await Promise.all(left)).filter(({ dates }) => dates.length > 0);
}

/** The dates of `product` that have changed since `reader` was built from them, of its intervals outside of `except`. */
async function datesLeft(
  catalogue: Catalogue,
  ledger: LedgerReader,
  product: string,
  reader: Product,
  except: readonly ProductRange[],
): Promise<string[]> {
  const start = await ledger.firstPublished(reader.key);
  const [newest] = await ledger.newest(reader.key, 1);
  if (start === null || newest === undefined) return [];
  const range = { start, end: shiftInterval(reader.grain, newest.interval, 1) };
  const own = except.filter((each) => each.product === reader.key);
  return (await surveyProduct(ledger, catalogue, reader, range))
    .filter(
      ({ record, interval }) => record?.published && !own.some(({ start, end }) => start <= interval && interval < end),
    )
    .flatMap(({ changedInputs }) => changedInputs.filter(({ input }) => input === product))
    .map(({ date }) => date);
}
