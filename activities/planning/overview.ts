import { type Catalogue, settledStreams } from '../../model/catalogue.ts';
import { type IntervalRange, shiftInterval } from '../../model/intervals.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { surveyStream } from './stream-states.ts';
import { builtProducts, type SurveyedInterval, surveyProduct } from './survey.ts';

/** How many dates are shown when nobody says from when. */
const shownDates = 7;

/** Every interval of every built product, and every date of every stream's table that the batch settles, on dates [from, to); by default the newest week that the ledger knows. */
export async function surveyDates(
  ledger: Ledger,
  catalogue: Catalogue,
  range: { readonly from?: string | undefined; readonly to?: string | undefined },
): Promise<{ dates: IntervalRange; intervals: SurveyedInterval[] }> {
  const products = builtProducts(catalogue);
  const newest = async (): Promise<string> => {
    const records = await Promise.all(products.map(({ key }) => ledger.newest(key, 1)));
    const date = records
      .flat()
      .map(({ interval }) => interval.slice(0, 10))
      .sort()
      .at(-1);
    if (date === undefined)
      throw new Error('The ledger is empty: nothing has been built yet. Say which dates: --from, --to.');
    return shiftInterval('date', date, 1);
  };
  const end = range.to ?? (await newest());
  const dates = { start: range.from ?? shiftInterval('date', end, -shownDates), end };
  const intervals = await Promise.all([
    ...products.map((product) => {
      const hours = { start: `${dates.start}T00`, end: `${dates.end}T00` };
      return surveyProduct(ledger, catalogue, product, product.grain === 'hour' ? hours : dates);
    }),
    ...settledStreams(catalogue).map((stream) => surveyStream(ledger, stream, dates)),
  ]);
  return { dates, intervals: intervals.flat() };
}
