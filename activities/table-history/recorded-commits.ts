import type { S3Client } from '@aws-sdk/client-s3';
import { datesChanged, readCommits, type TableCommit } from '../lake/delta-log.ts';
import type { Ledger } from '../ledger/ledger.ts';

export type CommitLedger = Pick<Ledger, 'recordedVersion' | 'recordUpTo' | 'touch'>;

/** So many commits are read before the ledger is told: a table with years of history is recorded in steps that last. */
const commitsAtOnce = 500;

/** The dates that a commit has changed. */
export interface RecordedChange {
  readonly commit: TableCommit;
  readonly dates: readonly string[];
}

/**
 * Writes down which dates the commits of a table have changed that nobody has recorded yet: a build may end between its
 * commit and its record, and the next finds nothing changed. `onFound` is told of them before they count as recorded, and
 * says up to which version they shall; not for a table of which nothing was recorded, for then an earlier release has
 * recorded what there is.
 */
export async function recordCommits(
  ledger: CommitLedger,
  client: S3Client,
  bucket: string,
  product: string,
  onFound?: (changes: readonly RecordedChange[]) => Promise<number>,
): Promise<void> {
  const began = await ledger.recordedVersion(product);
  for (let recorded = began; ;) {
    const found = await readCommits(client, bucket, product, { after: recorded, atMost: commitsAtOnce });
    const newest = found.at(-1);
    if (!newest) return;
    const oldest = Math.min(recorded, ...found.flatMap(({ restored }) => restored ?? []));
    const undone = { after: oldest, atMost: recorded - oldest };
    const before = oldest < recorded ? await readCommits(client, bucket, product, undone) : [];
    const known = [...before.filter(({ version }) => version <= recorded), ...found];
    const changes = found.map((commit) => ({ commit, dates: datesChanged(known, commit) }));
    const told = new Set<string>();
    for (const { commit, dates } of changes.toReversed()) {
      const untold = dates.filter((date) => !told.has(date));
      await ledger.touch(product, untold, commit);
      for (const date of untold) told.add(date);
    }
    const upTo = onFound && began >= 0 ? await onFound(changes) : newest.version;
    await ledger.recordUpTo(product, upTo);
    if (upTo < newest.version) return;
    recorded = upTo;
  }
}
