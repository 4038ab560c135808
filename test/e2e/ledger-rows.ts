import type { SurveyedInterval } from '../../activities/planning/survey.ts';

/** What the ledger says of the rows of each interval. */
export const rowsOf = (intervals: readonly SurveyedInterval[]) =>
  Object.fromEntries(
    intervals.map(({ product, interval, record }) => {
      const { rowsIn, rowsPublished, rowsDuplicate, rowsQuarantined } = record?.published ?? {};
      return [`${product} ${interval}`, { rowsIn, rowsPublished, rowsDuplicate, rowsQuarantined }];
    }),
  );
