/** Runs `install` unless `target` exists and the lock files are as when it last ran; `stamps` is where that is kept. */
export function step(
  name: string,
  lockFiles: readonly string[],
  target: string,
  install: () => Promise<void>,
  stamps?: string,
): Promise<void>;

/** Makes a virtual environment with exactly the packages of a lock file, given relative to the checkout. */
export function pythonEnvironment(python: string, directory: string, requirements: string): Promise<void>;

/** Flink as the local Managed Flink runs it, and the jars of flink-jobs/: only what works with the stream needs them. */
export function installStreamTools(): Promise<void>;
