import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { startColdDriver } from './cold-driver.ts';
import type { ResolvedJob } from './execution.ts';
import { killTree } from './process-tree.ts';
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

/** The JVM option that uses the archive, or none if it has not been built. */
export const archiveOption = (spark: SparkEnvironment): string =>
  existsSync(spark.classArchive) ? `-XX:SharedArchiveFile=${spark.classArchive}` : '';

/**
 * Builds the archive of loaded classes, unless it is there: one run of the warm-up job, half a minute, once
 * per machine. It halves the start of every later driver.
 */
export const ensureClassArchive = async (spark: SparkEnvironment, signal: AbortSignal): Promise<void> => {
  if (existsSync(spark.classArchive)) return;
  const workDir = await mkdtemp(join(tmpdir(), 'spark-class-archive-'));
  try {
    // Next to its final place: the rename must not cross file systems.
    const building = join(dirname(spark.classArchive), `building-${String(process.pid)}.jsa`);
    const job = warmUpJob(spark, workDir);
    const option = `-XX:ArchiveClassesAtExit=${building}`;
    const { pid, exit } = startColdDriver(spark, job, spark.defaultSize, option);
    const abort = (): void => {
      void killTree(pid, 0);
    };
    signal.addEventListener('abort', abort, { once: true });
    const { code } = await exit;
    signal.removeEventListener('abort', abort);
    if (signal.aborted) return;
    if (code !== 0 || !existsSync(building)) {
      throw new Error(`the class archive could not be built: ${await readFile(job.stderrFile, 'utf8')}`);
    }
    await rename(building, spark.classArchive);
  } finally {
    await rm(workDir, { recursive: true, force: true });
  }
};
