import { z } from 'zod';

const fileSchema = z.object({ path: z.string(), deletionVector: z.unknown().optional() });
const changeSchema = z.object({ add: fileSchema.optional(), remove: fileSchema.optional() });

type Names = ReadonlySet<string>;

/** Files that a commit added and removed; a deletion vector makes another file of one. */
function filesOf(text: string): { added: Names; removed: Names } {
  const nameOf = ({ path, deletionVector }: z.infer<typeof fileSchema>): string =>
    `${path} ${JSON.stringify(deletionVector ?? null)}`;
  const changes = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => changeSchema.parse(JSON.parse(line)));
  const named = (kind: 'add' | 'remove') =>
    new Set(changes.flatMap(({ [kind]: file }) => (file ? [nameOf(file)] : [])));
  return { added: named('add'), removed: named('remove') };
}

const without = (names: Names, others: Names): string[] => [...names].filter((name) => !others.has(name));
const isEqual = (one: Names, other: Names): boolean => one.size === other.size && without(one, other).length === 0;

/** One may go back over ten thousand commits. */
const readsAtOnce = 50;

/**
 * The version to which a restore to a timestamp has put a table back, which it does not name: the newest whose files differ
 * from those before the restore by just what the restore, whose commit is `text`, has added and removed. `read` gives the
 * commit of an older version, '' where the log does not reach back.
 */
export async function restoredVersion(
  version: number,
  text: string,
  read: (version: number) => Promise<string>,
): Promise<number> {
  const restore = filesOf(text);
  // Files that the older version has and the one before the restore does not, and the other way round.
  const onlyOlder = new Set<string>();
  const onlyNewer = new Set<string>();
  let older = version - 1;
  let ahead: string[] = [];
  while (!isEqual(onlyOlder, restore.added) || !isEqual(onlyNewer, restore.removed)) {
    if (ahead.length === 0) {
      const versions = Array.from({ length: Math.min(readsAtOnce, older + 1) }, (_, back) => older - back);
      ahead = await Promise.all(versions.map(read));
    }
    const undone = ahead.shift() ?? '';
    if (undone === '') break;
    const { added, removed } = filesOf(undone);
    for (const name of added) if (!onlyOlder.delete(name)) onlyNewer.add(name);
    for (const name of removed) if (!onlyNewer.delete(name)) onlyOlder.add(name);
    older -= 1;
  }
  return older;
}
