import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Supervisor } from '../supervisor.ts';
import { innermostCause } from './innermost-cause.ts';

/** Flink's processes, by name. They end with this one, however it ends. */
export class Processes {
  readonly #supervisor: Supervisor;
  readonly #logFolder: string;
  readonly #onExit = new Map<string, () => void>();

  constructor(folder: string, logFolder: string) {
    this.#supervisor = new Supervisor(folder, logFolder);
    this.#logFolder = logFolder;
    this.#supervisor.onUnexpectedExit = (_, name) => this.#onExit.get(name)?.();
  }

  /** Starts Java; `onExit` is told when it ends by itself. */
  async start(name: string, args: readonly string[], env: Readonly<Record<string, string>>, onExit: () => void) {
    this.#onExit.set(name, onExit);
    await this.#supervisor.start({ name, command: 'java', args, env, isReady: () => true, readyTimeoutMs: 0 });
  }

  /** At once: what counts is in checkpoints, and a JobManager that is asked to stop ends its job first. */
  async end(name: string): Promise<void> {
    this.#onExit.delete(name);
    await this.#supervisor.end(name, 'SIGKILL');
  }

  /** Why a process has ended, by the end of its log. */
  failure(name: string): string {
    return innermostCause(readFileSync(join(this.#logFolder, `${name}.log`), 'utf8'));
  }

  async close(): Promise<void> {
    await this.#supervisor.stop();
  }
}
