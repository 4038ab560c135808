import { query, type Warehouse } from '../../activities/redshift/query.ts';

/** Trips whose city or kind of vehicle the warehouse does not know. */
export const orphans = (warehouse: Warehouse) =>
  query(
    warehouse,
    `SELECT t.trip_id FROM gold.trips t
       LEFT JOIN gold.dim_city c ON c.city_id = t.city_id
       LEFT JOIN gold.dim_vehicle_type v ON v.vehicle_type_id = t.vehicle_type
      WHERE c.city_id IS NULL OR v.vehicle_type_id IS NULL`,
  );

export const tripsOf = (warehouse: Warehouse, date: string) =>
  query(
    warehouse,
    `SELECT trip_id, status, CAST(fare_amount AS VARCHAR(20)) AS fare FROM gold.trips WHERE trip_date = '${date}'`,
  );

export const ridersOf = (warehouse: Warehouse, date: string) =>
  query(warehouse, `SELECT rider_id FROM gold.rider_days WHERE trip_date = '${date}'`);

/** By date, the trips of riders that were completed: null where no build has told yet. */
export async function completedTrips(warehouse: Warehouse): Promise<Record<string, number | null>> {
  const rows = await query(
    warehouse,
    `SELECT CAST(trip_date AS VARCHAR(10)) AS day, SUM(completed_trips) AS completed FROM gold.rider_days GROUP BY trip_date`,
  );
  const told = rows.map(({ day, completed }) => [String(day), completed === null ? null : Number(completed)] as const);
  return Object.fromEntries(told);
}
