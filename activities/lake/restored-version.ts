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
  let onlyOlder: Names = new Set();
  let onlyNewer: Names = new Set();
  let older = version - 1;
  while (!isEqual(onlyOlder, restore.added) || !isEqual(onlyNewer, restore.removed)) {
    const undone = await read(older);
    if (undone === '') return older;
    const { added, removed } = filesOf(undone);
    [onlyOlder, onlyNewer] = [
      new Set([...without(onlyOlder, added), ...without(removed, onlyNewer)]),
      new Set([...without(onlyNewer, removed), ...without(added, onlyOlder)]),
    ];
    older -= 1;
  }
  return older;
}
