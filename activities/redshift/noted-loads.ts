import { z } from 'zod';
import { instant, query, type Warehouse } from './query.ts';

/** A row of `meta.loads`: the dates [start, end) of a product as a build exported them. */
const notedLoadSchema = z
  .object({
    start_date: z.iso.date(),
    end_date: z.iso.date(),
    build_id: z.string(),
    rows: z.int(),
    loaded_at: z.string().transform(instant),
  })
  .transform(({ start_date, end_date, build_id, rows, loaded_at }) => ({
    start: start_date,
    end: end_date,
    buildId: build_id,
    rows,
    at: loaded_at,
  }));
export type NotedLoad = z.infer<typeof notedLoadSchema>;

/** What the warehouse knows of its loads of a product, newest first. */
export async function notedLoads(warehouse: Warehouse, product: string): Promise<NotedLoad[]> {
  const columns = 'start_date, end_date, build_id, rows, loaded_at';
  const rows = await query(
    warehouse,
    `SELECT ${columns} FROM meta.loads WHERE product = :product ORDER BY loaded_at DESC`,
    { product },
  );
  return rows.map((row) => notedLoadSchema.parse(row));
}
