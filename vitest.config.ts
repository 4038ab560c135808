import { defineConfig } from 'vitest/config';

/**
 * One project a kind of test; the engines behind `wire`, `e2e` and `crash` are real, so those run one file at a time.
 * The time-outs are for what hangs: suites share the machine.
 */
const project = (
  name: string,
  options: { parallel: boolean; isolate?: boolean; testTimeout: number; hookTimeout: number },
) => ({
  test: {
    name,
    isolate: options.isolate ?? true,
    include: [`test/${name}/**/*.test.ts`],
    fileParallelism: options.parallel,
    testTimeout: options.testTimeout,
    hookTimeout: options.hookTimeout,
  },
});

export default defineConfig({
  test: {
    projects: [
      // Of its CPU-seconds loading the same modules for each file took nearly half.
      project('unit', { parallel: true, isolate: false, testTimeout: 60_000, hookTimeout: 60_000 }),
      project('workflow', { parallel: false, testTimeout: 180_000, hookTimeout: 180_000 }),
      project('replay', { parallel: false, testTimeout: 180_000, hookTimeout: 180_000 }),
      project('wire', { parallel: false, testTimeout: 600_000, hookTimeout: 300_000 }),
      project('crash', { parallel: false, testTimeout: 300_000, hookTimeout: 600_000 }),
      project('e2e', { parallel: false, testTimeout: 2_400_000, hookTimeout: 600_000 }),
    ],
  },
});
