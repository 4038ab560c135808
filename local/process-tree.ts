import { execFile } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const POLL_MS = 25;

/** A process that outlives its record only by accident; the start time tells it from a later namesake. */
export interface ProcessMark {
  readonly pid: number;
  readonly startedAt: string;
}

/** Remembers a process so that it can be told from a later one with the same id; undefined if it is gone. */
export const markProcess = async (pid: number): Promise<ProcessMark | undefined> => {
  try {
    const { stdout } = await run('ps', ['-o', 'lstart=', '-p', String(pid)]);
    return { pid, startedAt: stdout.trim() };
  } catch {
    // ps exits with 1 for a process that does not exist: that is the answer.
    return undefined;
  }
};

/** A process and all that it has started, directly or not. */
export const descendants = async (root: number): Promise<number[]> => {
  const { stdout } = await run('ps', ['-e', '-o', 'pid=,ppid='], { maxBuffer: 16 * 1024 * 1024 });
  const childrenOf = new Map<number, number[]>();
  for (const line of stdout.trim().split('\n')) {
    const [pid = 0, parent = 0] = line.trim().split(/\s+/).map(Number);
    childrenOf.set(parent, [...(childrenOf.get(parent) ?? []), pid]);
  }
  const found = [root];
  for (const pid of found) found.push(...(childrenOf.get(pid) ?? []));
  return found;
};

/** Sends a signal, 0 for none; whether there is such a process. */
export const signal = (pid: number, name: NodeJS.Signals | 0): boolean => {
  try {
    return process.kill(pid, name);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
};

/** Ends a process and all that it started: asks first, forces after the grace time. */
export const killTree = async (root: number, graceMs: number): Promise<void> => {
  const pids = await descendants(root);
  // Children of a process that ends first would be adopted elsewhere, so all are known before any is asked.
  for (const pid of pids) signal(pid, 'SIGTERM');
  const deadline = Date.now() + graceMs;
  while (Date.now() < deadline && pids.some((pid) => signal(pid, 0))) await delay(POLL_MS);
  for (const pid of pids) signal(pid, 'SIGKILL');
};

/** Ends what an earlier server left behind, unless the id belongs to another process by now. */
export const killMarked = async (mark: ProcessMark): Promise<void> => {
  const now = await markProcess(mark.pid);
  if (now?.startedAt === mark.startedAt) await killTree(mark.pid, 0);
};
