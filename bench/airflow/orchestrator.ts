import type { Supervisor } from '../../local/supervisor.ts';
import type { CaseName, Sizes, Victim } from './cases.ts';
import type { ProcessMeter } from './process-meter.ts';

/** What an orchestrator is started with. */
export interface Bench {
  readonly root: string;
  /** Where it keeps everything; its own. */
  readonly folder: string;
  readonly notesFolder: string;
  readonly sizes: Sizes;
  readonly supervisor: Supervisor;
  readonly meter: ProcessMeter;
}

/** An orchestrator that is up and takes work. */
export interface Orchestrator {
  /** Gives it a case's work and waits until it calls that ended. Resolves to how: `success`, or its own word. */
  run(name: CaseName): Promise<string>;
  /** What of a case has not ended, in the orchestrator's own words. */
  unfinished(name: CaseName): Promise<string>;
  kill(victim: Victim): Promise<void>;
  restart(victim: Victim): Promise<void>;
  stop(): Promise<void>;
}

export interface OrchestratorKind {
  readonly name: string;
  /** Makes an empty installation, without measure. Call what it returns to start it. */
  prepare(bench: Bench): Promise<() => Promise<Orchestrator>>;
}
