import { readdirSync, readFileSync } from 'node:fs';

export interface Process {
  readonly pid: number;
  readonly parent: number;
  /** CPU time of the process, and of its children that have ended and were waited for, in hundredths of a second. */
  readonly ticks: number;
}

/** Every process of this machine, by a key that no later process with the same id has. */
export function processes(): Map<string, Process> {
  const found = new Map<string, Process>();
  for (const name of readdirSync('/proc')) {
    const stat = /^\d+$/.test(name) ? readIfRunning(`/proc/${name}/stat`) : undefined;
    if (stat === undefined) continue;
    const { parent, own, children, startedAt } = parseStat(stat);
    found.set(`${name}:${startedAt}`, { pid: Number(name), parent, ticks: own + children });
  }
  return found;
}

/** CPU time that a process has used by now, in seconds; 0 when it has ended. */
export function cpuSeconds(pid: number | undefined): number {
  return ([...processes().values()].find((each) => each.pid === pid)?.ticks ?? 0) / 100;
}

/** CPU time of this process's own children that have ended, and of all that those waited for, in hundredths of a second. */
export const ticksOfEndedChildren = (): number => parseStat(readFileSync('/proc/self/stat', 'utf8')).children;

/** Memory of a process, its share of what it shares with others: proportional set size. 0 when it has ended. */
export function proportionalKibibytes(pid: number): number {
  const rollup = readIfRunning(`/proc/${pid}/smaps_rollup`) ?? '';
  return Number(/^Pss: +(\d+) kB$/m.exec(rollup)?.[1] ?? 0);
}

export function killIfRunning(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

function parseStat(stat: string) {
  // The name of a program may hold blanks and parentheses; what follows is numbered from 3 in proc_pid_stat(5).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const field = (number: number): number => Number(fields[number - 3]);
  return { parent: field(4), own: field(14) + field(15), children: field(16) + field(17), startedAt: field(22) };
}

function readIfRunning(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

const isGone = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH');
