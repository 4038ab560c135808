/** Runs `install` unless `target` exists and the lock files are as when it last ran; `stamps` is where that is kept. */
export function step(
  name: string,
  lockFiles: readonly string[],
  target: string,
  install: () => void,
  stamps?: string,
): void;

/** Makes a virtual environment with exactly the packages of a lock file, given relative to the checkout. */
export function pythonEnvironment(python: string, directory: string, requirements: string): void;

/** Flink as the local Managed Flink runs it: only what works with the stream needs it. */
export function installFlink(): void;

/** Builds the jars of flink-jobs/, unless they are those of its sources. */
export function buildStreamApplications(): void;
