import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { ResolvedJob } from './execution.ts';
import type { SparkEnvironment } from './spark-environment.ts';

const WARM_UP = join(import.meta.dirname, 'warm_up.py');

/** Delta Lake as jobs use it; without it a warm-up would leave Delta's classes cold. */
const DELTA = {
  'spark.sql.extensions': 'io.delta.sql.DeltaSparkSessionExtension',
  'spark.sql.catalog.spark_catalog': 'org.apache.spark.sql.delta.catalog.DeltaCatalog',
};

/** A small job that touches what real jobs touch. */
export const warmUpJob = (spark: SparkEnvironment, workDir: string): ResolvedJob => ({
  entryPoint: WARM_UP,
  arguments: [join(workDir, 'table')],
  mainClass: undefined,
  pyFiles: spark.releaseFiles,
  jars: [],
  releaseJars: spark.releaseFiles,
  conf: spark.conf({ ...DELTA, 'spark.app.name': 'warm-up' }, workDir, 'small'),
  environment: {},
  workDir,
  stdoutFile: join(workDir, 'stdout'),
  stderrFile: join(workDir, 'stderr'),
});

/** The JVM option that uses the archive, or none if it has not been made. */
export const archiveOption = (spark: SparkEnvironment): string =>
  existsSync(spark.classArchive) ? `-XX:SharedArchiveFile=${spark.classArchive}` : '';

/** The JVM option of a driver from whose classes an archive can be made. */
export const recordingOption = '-XX:+RecordDynamicDumpInfo';

/**
 * Makes the archive of what a warmed driver has loaded, unless it is there: seconds in which that stands still, once per
 * checkout and JVM. It halves the start of every later driver.
 */
export const archiveClasses = async (spark: SparkEnvironment, pid: number, signal: AbortSignal): Promise<void> => {
  if (existsSync(spark.classArchive)) return;
  // Next to its final place: the rename must not cross file systems.
  const building = join(dirname(spark.classArchive), `building-${String(process.pid)}.jsa`);
  await promisify(execFile)('jcmd', [String(pid), 'VM.cds', 'dynamic_dump', building], { signal });
  await rename(building, spark.classArchive);
};
