import type { BuildOutcome } from '../../model/messages/builds.ts';
import { type Cell, bold, faint, sparkline, table } from '../terminal.ts';
import { query, type Warehouse } from '../../activities/redshift/query.ts';

export interface ProductSummary {
  readonly product: string;
  readonly builds: number;
  readonly intervals: number;
  readonly rowsIn: number;
  readonly rowsPublished: number;
  readonly rowsDuplicate: number;
  readonly rowsQuarantined: number;
  readonly costUsd: number;
}

/** What each product's intervals hold after all builds; where an interval was built several times, its last build counts. */
export function summarize(outcomes: readonly BuildOutcome[]): ProductSummary[] {
  const products = Map.groupBy(outcomes, ({ product }) => product);
  return [...products].map(([product, builds]) => {
    const last = new Map(builds.flatMap(({ intervals }) => intervals.map((rows) => [rows.interval, rows] as const)));
    const total = (pick: (rows: BuildOutcome['intervals'][number]) => number): number =>
      [...last.values()].reduce((sum, rows) => sum + pick(rows), 0);
    return {
      product,
      builds: builds.length,
      intervals: last.size,
      rowsIn: total((rows) => rows.rowsIn),
      rowsPublished: total((rows) => rows.rowsPublished),
      rowsDuplicate: total((rows) => rows.rowsDuplicate),
      rowsQuarantined: total((rows) => rows.rowsQuarantined),
      costUsd: builds.reduce((sum, build) => sum + build.costUsd, 0),
    };
  });
}

export function productTable(summaries: readonly ProductSummary[]): string {
  const rows = summaries.map((row): Cell[] => [
    row.product,
    row.builds,
    row.intervals,
    row.rowsIn,
    row.rowsPublished,
    row.rowsDuplicate,
    row.rowsQuarantined,
  ]);
  return table(['product', 'builds', 'intervals', 'rows in', 'published', 'duplicate', 'quarantined'], rows);
}

export interface CityDay {
  readonly city: string;
  readonly trips: number;
  readonly fares: number;
  readonly utilizationPct: number;
  /** Per hour of the day (UTC). */
  readonly tripsByHour: readonly number[];
  readonly utilizationByHour: readonly (number | null)[];
}

/** Trips, fares and utilization per city over dates [start, end), as the warehouse answers them. */
export async function cityDays(warehouse: Warehouse, start: string, end: string): Promise<CityDay[]> {
  const rows = await query(
    warehouse,
    `SELECT m.city_id AS city_id, EXTRACT(HOUR FROM m.metric_hour) AS metric_hour, SUM(m.trips_count) AS trips,
            CAST(SUM(m.total_fare) AS DOUBLE PRECISION) AS fares, SUM(m.driver_hours) AS driver_hours,
            SUM(m.driver_hours * m.utilization_pct / 100) AS busy_hours
       FROM gold.fact_hourly_metrics m
      WHERE m.metric_date >= CAST(:start AS DATE) AND m.metric_date < CAST(:end AS DATE)
      GROUP BY m.city_id, EXTRACT(HOUR FROM m.metric_hour)
      ORDER BY 1, 2`,
    { start, end },
  );
  const byCity = Map.groupBy(rows, (row) => String(row.city_id));
  return [...byCity].map(([city, hours]) => {
    const at = (hour: number) => hours.find((row) => Number(row.metric_hour) === hour);
    const total = (column: string): number => hours.reduce((sum, row) => sum + Number(row[column]), 0);
    const day = Array.from({ length: 24 }, (_, hour) => at(hour));
    return {
      city,
      trips: total('trips'),
      fares: total('fares'),
      utilizationPct: total('driver_hours') > 0 ? (total('busy_hours') / total('driver_hours')) * 100 : 0,
      tripsByHour: day.map((row) => Number(row?.trips ?? 0)),
      utilizationByHour: day.map((row) =>
        row && Number(row.driver_hours) > 0 ? (Number(row.busy_hours) / Number(row.driver_hours)) * 100 : null,
      ),
    };
  });
}

export function cityTable(cities: readonly CityDay[]): string {
  const busiest = Math.max(1, ...cities.flatMap((city) => city.tripsByHour));
  const rows = cities.map((city): Cell[] => [
    city.city,
    city.trips,
    city.fares.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 }),
    city.utilizationPct.toFixed(1),
    sparkline(city.tripsByHour, busiest),
    sparkline(city.utilizationByHour, 100),
  ]);
  const headings = [
    'city',
    'trips',
    'fares',
    'utilization %',
    'trips by hour, 0–23 UTC',
    'utilization by hour, 0–100 %',
  ];
  return `${table(headings, rows)}\n${faint('  From gold.fact_hourly_metrics in the warehouse.')}`;
}

export const heading = (text: string): string => `\n${bold(text)}\n`;
