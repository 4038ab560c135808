import { setTimeout as delay } from 'node:timers/promises';
import { killIfRunning, type Process, processes, proportionalKibibytes, ticksOfEndedChildren } from './processes.ts';

export interface Usage {
  readonly wallSeconds: number;
  /** User and system time of all processes. */
  readonly cpuSeconds: number;
  /** Most memory seen at once, as proportional set sizes: what forked processes share counts once. */
  readonly peakMebibytes: number;
}

const sampleEveryMs = 1_000;
/** The kernel walks all pages of a process to tell its share: every second that would take a sixth of a core. */
const memoryEveryMs = 5_000;

/**
 * Measures every process that this one has started, and all that those started. The time of a process that has ended is
 * in its parent's; but one whose parent was killed is handed to init, which has no place in the sum. So what was once
 * seen is followed wherever it goes, and what an orphan had used when it was last seen is kept.
 */
export class ProcessMeter {
  private known = new Map<string, Process>();
  private ticksOfOrphans = 0;
  private peakKibibytes = 0;
  private readonly timers = [
    setInterval(() => {
      this.sample();
    }, sampleEveryMs),
    setInterval(() => {
      this.sampleMemory();
    }, memoryEveryMs),
  ];

  /** Starts to measure. Call what it returns for the usage since then. */
  begin(): () => Usage {
    this.sample();
    this.peakKibibytes = 0;
    this.sampleMemory();
    const began = { atMs: performance.now(), ticks: this.ticks() };
    return () => {
      const wallSeconds = (performance.now() - began.atMs) / 1000;
      this.sample();
      const cpuSeconds = (this.ticks() - began.ticks) / 100;
      this.sampleMemory();
      return { wallSeconds, cpuSeconds, peakMebibytes: this.peakKibibytes / 1024 };
    };
  }

  /** The ids of a process and of all that it has started, directly or not, as of now. */
  treeOf(root: number): number[] {
    this.sample();
    const tree = [root];
    for (const pid of tree) tree.push(...this.all().flatMap((child) => (child.parent === pid ? [child.pid] : [])));
    return tree;
  }

  /** Kills whatever still runs of all that was started, so that nothing of it is left. */
  async killAll(): Promise<void> {
    for (;;) {
      this.sample();
      if (this.known.size === 0) return;
      for (const { pid } of this.all()) killIfRunning(pid);
      await delay(50);
    }
  }

  stop(): void {
    for (const timer of this.timers) clearInterval(timer);
  }

  private sample(): void {
    const everything = [...processes()];
    const now = new Map(everything.filter(([key]) => this.known.has(key)));
    const pids = new Set([process.pid, ...[...now.values()].map(({ pid }) => pid)]);
    for (let before = -1; before < pids.size;) {
      before = pids.size;
      for (const [key, found] of everything) {
        if (!pids.has(found.parent)) continue;
        now.set(key, found);
        pids.add(found.pid);
      }
    }
    for (const [key, ended] of this.known) {
      if (!now.has(key) && !pids.has(ended.parent)) this.ticksOfOrphans += ended.ticks;
    }
    this.known = now;
  }

  private sampleMemory(): void {
    const kibibytes = this.all().reduce((sum, { pid }) => sum + proportionalKibibytes(pid), 0);
    this.peakKibibytes = Math.max(this.peakKibibytes, kibibytes);
  }

  private ticks(): number {
    return this.all().reduce((sum, { ticks }) => sum + ticks, ticksOfEndedChildren() + this.ticksOfOrphans);
  }

  private all(): Process[] {
    return [...this.known.values()];
  }
}
