import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { signal } from './process-tree.ts';

export interface ProcessSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Resolves when the process serves; called again and again until it does. What it prints on stdout is passed in. */
  readonly isReady: (stdout: string) => boolean | Promise<boolean>;
  readonly readyTimeoutMs: number;
}

export interface RunningProcess {
  readonly pid: number;
  /** Everything printed on stdout until the process was ready. */
  readonly readyOutput: string;
}

interface Entry {
  readonly spec: ProcessSpec;
  readonly child: ChildProcess;
}

/** Starts processes, keeps their output in a folder, by default `<folder>/logs`, and ends exactly those, last started first. */
export class Supervisor {
  private readonly entries: Entry[] = [];
  private stopping = false;
  private readonly logFolder: string;
  private readonly pidFile: string;
  private readonly reaper: ChildProcess;

  /** Called when a process ends by itself, with its name; the platform is broken then. */
  onUnexpectedExit: (message: string, name: string) => void = (message) => {
    throw new Error(message);
  };

  constructor(folder: string, logFolder: string = join(folder, 'logs')) {
    this.logFolder = logFolder;
    this.pidFile = join(folder, 'pids.json');
    for (const each of [folder, this.logFolder]) mkdirSync(each, { recursive: true });
    endLeftovers(this.pidFile);
    // In a group of its own, as the others, so that it outlives whatever ends this process.
    this.reaper = spawn(process.execPath, [join(import.meta.dirname, 'reaper.ts'), this.pidFile, String(process.pid)], {
      stdio: ['pipe', 'ignore', 'inherit'],
      detached: true,
    });
    // It must not keep this process up.
    this.reaper.unref();
    (this.reaper.stdin as Socket).unref();
  }

  async start(spec: ProcessSpec): Promise<RunningProcess> {
    const logFile = join(this.logFolder, `${spec.name}.log`);
    const log = openSync(logFile, 'w');
    // A group of its own keeps Ctrl-C for us alone: the processes are then ended in order.
    const child = spawn(spec.command, [...spec.args], {
      env: { ...process.env, ...spec.env },
      stdio: ['ignore', 'pipe', log],
      detached: true,
    });
    const entry = { spec, child };
    let output = '';
    let spawnError: Error | undefined;
    child.once('error', (error) => (spawnError = error));
    child.stdout?.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-100_000);
      writeFileSync(logFile, chunk, { flag: 'a' });
    });
    child.once('exit', (code, signal) => {
      closeSync(log);
      const known = this.entries.includes(entry);
      if (known && !this.stopping) {
        this.entries.splice(this.entries.indexOf(entry), 1);
        this.writePids();
        this.onUnexpectedExit(
          `${spec.name} ended unexpectedly (${signal ?? `exit ${code}`}). Its log: ${logFile}\n${tail(logFile)}`,
          spec.name,
        );
      }
    });
    const deadline = Date.now() + spec.readyTimeoutMs;
    this.entries.push(entry);
    this.writePids();
    while (!(await spec.isReady(output))) {
      if (spawnError || child.exitCode !== null || child.signalCode !== null || Date.now() > deadline) {
        this.entries.splice(this.entries.indexOf(entry), 1);
        if (child.exitCode === null) child.kill('SIGKILL');
        const why =
          spawnError?.message ?? (Date.now() > deadline ? `not ready after ${spec.readyTimeoutMs} ms` : 'it ended');
        throw new Error(`${spec.name} did not start: ${why}. Its log: ${logFile}\n${tail(logFile)}`);
      }
      await delay(25);
    }
    return { pid: child.pid ?? 0, readyOutput: output };
  }

  /** The process id of a running process, for tests that end it the hard way. */
  pidOf(name: string): number | undefined {
    return this.entries.find((entry) => entry.spec.name === name)?.child.pid;
  }

  /** Ends one process with a signal and waits until it is gone. It is not an unexpected exit. */
  async end(name: string, signal: NodeJS.Signals = 'SIGTERM', graceMs = 20_000): Promise<void> {
    const entry = this.entries.find(({ spec }) => spec.name === name);
    if (!entry) return;
    this.entries.splice(this.entries.indexOf(entry), 1);
    const { child } = entry;
    if (child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit');
      child.kill(signal);
      const late = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await exited;
      clearTimeout(late);
    }
    this.writePids();
  }

  /** Ends one process with a signal, and starts it again as it was. */
  async restart(name: string, signal: NodeJS.Signals): Promise<RunningProcess> {
    const entry = this.entries.find(({ spec }) => spec.name === name);
    if (!entry)
      throw new Error(`${name} does not run. Running: ${this.entries.map(({ spec }) => spec.name).join(', ')}`);
    await this.end(name, signal);
    return this.start(entry.spec);
  }

  /** Ends everything, last started first, so that nobody loses the server under it. */
  async stop(): Promise<void> {
    this.stopping = true;
    for (const { spec } of [...this.entries].reverse()) await this.end(spec.name);
    rmSync(this.pidFile, { force: true });
    // Were it to wake up later, it would take what this process starts next for what is left of this.
    if (this.reaper.exitCode !== null || this.reaper.signalCode !== null) return;
    const gone = once(this.reaper, 'exit');
    this.reaper.ref();
    this.reaper.kill('SIGKILL');
    await gone;
  }

  private writePids(): void {
    const pids = this.entries.map(({ spec, child }) => ({ name: spec.name, pid: child.pid, command: spec.command }));
    writeFileSync(this.pidFile, JSON.stringify({ supervisor: process.pid, pids }));
  }
}

/**
 * Ends what a supervisor that was killed left behind (`supervisor`: only that one): processes that still run the very
 * command it started.
 */
export function endLeftovers(pidFile: string, supervisor?: number): void {
  if (!existsSync(pidFile)) return;
  const left = JSON.parse(readFileSync(pidFile, 'utf8')) as {
    supervisor: number;
    pids: { pid: number; command: string }[];
  };
  if (supervisor !== undefined && left.supervisor !== supervisor) return;
  if (commandOf(left.supervisor).includes('main.ts')) {
    throw new Error(
      `Another process (${left.supervisor}) runs the platform in this folder. Stop it first, with Ctrl-C or: kill ${left.supervisor}`,
    );
  }
  for (const { pid, command } of left.pids) if (commandOf(pid).includes(command)) signal(pid, 'SIGTERM');
  const gone = (): boolean => left.pids.every(({ pid, command }) => !commandOf(pid).includes(command));
  for (let waited = 0; waited < 100 && !gone(); waited++)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
}

function commandOf(pid: number): string {
  try {
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
  } catch {
    return ''; // `ps` fails when there is no such process, which is the answer.
  }
}

function tail(file: string): string {
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-15).join('\n');
}
