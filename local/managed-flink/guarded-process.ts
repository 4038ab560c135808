import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

/**
 * Runs a command until the shell's standard input ends, as it does when whoever started it dies, however that was: no JVM is
 * left behind. The shell ends with the command, and with its exit code.
 */
const GUARD = `
exec 4<&0
"$@" </dev/null 4<&- &
command=$!
{ cat <&4; kill -KILL $command; } >/dev/null 2>&1 &
guard=$!
wait $command
code=$?
kill $guard
exit $code
`;

interface GuardedCommand {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly workDir: string;
  /** Takes both of its outputs; what was there is overwritten. */
  readonly logFile: string;
}

/** A process that cannot outlive this one. */
export class GuardedProcess {
  /** Resolves when it is gone, with how it ended. */
  readonly exit: Promise<string>;
  readonly #shell: ChildProcess;

  constructor({ command, environment, workDir, logFile }: GuardedCommand) {
    const log = openSync(logFile, 'w');
    this.#shell = spawn('/bin/sh', ['-c', GUARD, 'sh', ...command], {
      cwd: workDir,
      env: { ...process.env, ...environment },
      stdio: ['pipe', log, log],
    });
    closeSync(log);
    this.exit = new Promise((resolve) => {
      this.#shell.once('error', (error) => {
        resolve(error.message);
      });
      this.#shell.once('exit', (code, signal) => {
        // What still reads the input has nothing left to guard.
        this.#shell.stdin?.destroy();
        resolve(signal ?? `exit code ${String(code)}`);
      });
    });
  }

  /** Ends it at once and waits until it is gone. */
  async kill(): Promise<void> {
    this.#shell.stdin?.end();
    await this.exit;
  }
}
