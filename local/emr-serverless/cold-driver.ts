import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import type { DriverExit, ResolvedJob } from './execution.ts';
import type { DriverSize, SparkEnvironment } from './spark-environment.ts';

export interface DriverProcess {
  readonly pid: number;
  readonly exit: Promise<DriverExit>;
}

/** Resolves when the process has ended; a process that cannot start ends with code 127, as in a shell. */
export const exitOf = (child: ChildProcess): Promise<DriverExit> =>
  new Promise((resolve) => {
    child.once('error', () => {
      resolve({ code: 127, signal: null });
    });
    child.once('close', (code, signal) => {
      resolve({ code, signal });
    });
  });

/** Starts spark-submit for one job: a new JVM, with classes from the archive if there is one. */
export const startColdDriver = (
  spark: SparkEnvironment,
  job: ResolvedJob,
  size: DriverSize,
  archiveOption: string,
): DriverProcess => {
  const conf: Record<string, string> = {
    ...job.conf,
    'spark.driver.memory': `${String(Math.floor(size.memoryBytes / 1024 ** 2))}m`,
    'spark.driver.extraClassPath': [job.conf['spark.driver.extraClassPath'], spark.classPath(job.releaseJars)]
      .filter((path) => path !== undefined)
      .join(':'),
    'spark.driver.defaultJavaOptions': spark.javaOptions(spark.tuning(size), archiveOption, job.workDir),
  };
  const options = Object.entries(conf).flatMap(([key, value]) => ['--conf', `${key}=${value}`]);
  if (job.pyFiles.length > 0) options.push('--py-files', job.pyFiles.join(','));
  if (job.mainClass !== undefined) options.push('--class', job.mainClass);
  const stdout = openSync(job.stdoutFile, 'a');
  const stderr = openSync(job.stderrFile, 'a');
  const child = spawn(spark.sparkSubmit, [...options, job.entryPoint, ...job.arguments], {
    cwd: job.workDir,
    env: spark.variables(job.environment),
    stdio: ['ignore', stdout, stderr],
  });
  for (const file of [stdout, stderr]) closeSync(file);
  return { pid: child.pid ?? 0, exit: exitOf(child) };
};
