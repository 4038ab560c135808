import { execFile } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { signal } from '../../process-tree.ts';

const STOP_TIMEOUT_MS = 30_000;

/**
 * Ends a PostgreSQL that outlived a killed process of ours, so that what it was running is rolled back
 * before anyone asks for its outcome, and removes a pid file whose process is gone or is another program.
 */
export async function endOrphan(folder: string): Promise<void> {
  const pidFile = join(folder, 'postmaster.pid');
  if (!existsSync(pidFile)) return;
  const pid = Number(readFileSync(pidFile, 'utf8').split('\n')[0]);
  if ((await commandOf(pid)).includes(folder)) {
    const deadline = Date.now() + STOP_TIMEOUT_MS;
    signal(pid, 'SIGINT');
    while ((await commandOf(pid)).includes(folder)) {
      if (Date.now() > deadline) throw new Error(`PostgreSQL ${pid} on ${folder} does not stop`);
      await sleep(50);
    }
  }
  rmSync(pidFile, { force: true });
}

/** The command line of a process; empty when there is none. */
export async function commandOf(pid: number): Promise<string> {
  if (!Number.isInteger(pid) || pid <= 0) return '';
  try {
    const { stdout } = await promisify(execFile)('ps', ['-ww', '-o', 'command=', '-p', String(pid)]);
    return stdout.trim();
  } catch {
    // `ps` exits with 1 when no process has the id.
    return '';
  }
}
