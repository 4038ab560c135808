import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** The account that PostgreSQL's processes run under; undefined when it is our own. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

const NOBODY: Account = { uid: 65_534, gid: 65_534 };

/** Runs a program as another user id in a namespace of its own, in which our files belong to that id. */
const NAMESPACE = ['unshare', '--user', '--map-user=1000', '--map-group=1000', '--'] as const;

/**
 * What to put before PostgreSQL's commands so that they run although we are root; empty where that is not needed or
 * this machine has no user namespaces. It needs no other account, and reaches every folder that we reach.
 */
export function namespacePrefix(ownedBefore: string): readonly string[] {
  const ownedByOther = (statSync(ownedBefore, { throwIfNoEntry: false })?.uid ?? 0) !== 0;
  if (process.getuid?.() !== 0 || ownedByOther) return [];
  return spawnSync(NAMESPACE[0], [...NAMESPACE.slice(1), 'true']).status === 0 ? NAMESPACE : [];
}

/**
 * PostgreSQL refuses to run as root. As root we hand it to the account that already owns its files, else to
 * `postgres` where the machine has it, else to `nobody`; no account is created on anyone's machine.
 */
export function unprivilegedAccount(ownedBefore: string): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const owner = statSync(ownedBefore, { throwIfNoEntry: false });
  if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  const entry = /^postgres:[^:]*:(\d+):(\d+):/m.exec(readFileSync('/etc/passwd', 'utf8'));
  return entry === null ? NOBODY : { uid: Number(entry[1]), gid: Number(entry[2]) };
}

/** Fails with the folder's name when another account cannot reach `path`, instead of PostgreSQL's riddle. */
export function assertReachable(path: string, account: Account | undefined): void {
  if (account === undefined) return;
  for (let folder = path; ; folder = dirname(folder)) {
    const { mode, uid, gid } = statSync(folder);
    const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) {
      throw new Error(
        `PostgreSQL cannot run as root, and user id ${account.uid} cannot enter ${folder}: ` +
          `run "chmod o+x ${folder}", or start as another user.`,
      );
    }
    if (dirname(folder) === folder) return;
  }
}
