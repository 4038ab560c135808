import type { ProcessMark } from '../process-tree.ts';

export type Outcome = { readonly kind: 'success' } | { readonly kind: 'failed'; readonly details: string };

/** One attempt of a run, on its way. */
export interface Execution {
  /** Never rejects: whatever goes wrong is a failed outcome. */
  readonly outcome: Promise<Outcome>;
  /** Ends the driver and all its processes; the outcome follows. */
  readonly kill: (graceMs: number) => Promise<void>;
}

export interface ExecutionEvents {
  /** The driver has begun to run the job. */
  readonly onRunning: () => void;
  /** The processes that must not outlive the run. */
  readonly onProcesses: (processes: readonly ProcessMark[]) => void;
}

/** A job whose files are on this machine and whose settings are complete. */
export interface ResolvedJob {
  readonly entryPoint: string;
  readonly arguments: readonly string[];
  readonly mainClass: string | undefined;
  readonly pyFiles: readonly string[];
  /** The job's own jars. */
  readonly jars: readonly string[];
  /** Jars of the release that it has named. */
  readonly releaseJars: readonly string[];
  readonly conf: Readonly<Record<string, string>>;
  readonly environment: Readonly<Record<string, string>>;
  readonly workDir: string;
  readonly stdoutFile: string;
  readonly stderrFile: string;
}

/** How a driver's process ended. */
export interface DriverExit {
  readonly code: number | null;
  readonly signal: string | null;
}
