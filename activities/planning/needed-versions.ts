import type { Catalogue } from '../../model/catalogue.ts';
import type { RestorePoints } from '../ledger/restore-points.ts';
import type { LedgerReader } from './survey.ts';

/** A product's last builds are among those of its last intervals, but for backfills, which read what was newest then. */
const newestIntervals = 100;

/**
 * The oldest version of a product's table that somebody still needs, or null: restore points that have not expired, and
 * for each product that reads it the version that its last builds were made from. Throws a CatalogueError for a product
 * that does not exist.
 */
export async function oldestNeededVersion(
  catalogue: Catalogue,
  ledger: Pick<LedgerReader, 'newest'>,
  restorePoints: Pick<RestorePoints, 'list'>,
  product: string,
): Promise<number | null> {
  const { key } = catalogue.get(product);
  const readers = [...catalogue.products.values()].filter(({ inputs }) =>
    inputs.some((input) => input.product === key),
  );
  const needed = await Promise.all(
    readers.map(async (reader) => {
      const records = await ledger.newest(reader.key, newestIntervals);
      const read = records.flatMap(({ published }) => published?.inputVersions[key] ?? []);
      return read.length > 0 ? [Math.max(...read)] : [];
    }),
  );
  const now = new Date().toISOString();
  const kept = (await restorePoints.list(key)).filter(({ expiresAt }) => expiresAt > now);
  const versions = [...needed.flat(), ...kept.map(({ version }) => version)];
  return versions.length > 0 ? Math.min(...versions) : null;
}
