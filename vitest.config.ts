import { defineConfig } from 'vitest/config';

/**
 * One project a kind of test; the engines behind `wire`, `e2e` and `crash` are real, so those run one file at a time.
 * The time-outs are for what hangs: suites share the machine.
 */
const project = (
  name: string,
  options: { atOnce?: number; isolate?: boolean; testTimeout: number; hookTimeout: number },
) => ({
  test: {
    name,
    isolate: options.isolate ?? true,
    include: [`test/${name}/**/*.test.ts`],
    maxWorkers: options.atOnce ?? 1,
    // Projects of which more files run at once run after the others.
    sequence: { groupOrder: options.atOnce ?? 1 },
    testTimeout: options.testTimeout,
    hookTimeout: options.hookTimeout,
  },
});

export default defineConfig({
  test: {
    projects: [
      // Of its CPU-seconds loading the same modules for each file took nearly half.
      project('unit', { isolate: false, testTimeout: 60_000, hookTimeout: 60_000 }),
      // A file has a server of its own, and waits for it half of the time.
      project('workflow', { atOnce: 2, testTimeout: 180_000, hookTimeout: 180_000 }),
      project('replay', { testTimeout: 180_000, hookTimeout: 180_000 }),
      project('wire', { testTimeout: 600_000, hookTimeout: 300_000 }),
      project('crash', { testTimeout: 300_000, hookTimeout: 600_000 }),
      project('e2e', { testTimeout: 2_400_000, hookTimeout: 600_000 }),
    ],
  },
});
