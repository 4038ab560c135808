import { parseMemoryBytes, type DriverSize } from './spark-environment.ts';
import { releasePaths } from './release-files.ts';
import { isPython, type SparkJobPlan } from './spark-job.ts';

/** Settings that only take effect when a JVM or its Python starts. */
const START_SETTINGS = [
  'spark.driver.extraJavaOptions',
  'spark.driver.defaultJavaOptions',
  'spark.driver.extraClassPath',
  'spark.driver.extraLibraryPath',
  'spark.driver.userClassPathFirst',
  'spark.pyspark.python',
  'spark.pyspark.driver.python',
];

/** The driver's size that a job asks for, with defaults for what it leaves open. */
export const requestedSize = (plan: SparkJobPlan, defaultSize: DriverSize): DriverSize => {
  const { 'spark.driver.cores': cores, 'spark.driver.memory': memory } = plan.conf;
  return {
    cores: cores === undefined ? defaultSize.cores : Number(cores),
    memoryBytes: memory === undefined ? defaultSize.memoryBytes : parseMemoryBytes(memory),
  };
};

/** Whether a job cannot use a warm driver: there is none of its size, or it needs a JVM of its own. */
export const needsOwnDriver = (plan: SparkJobPlan, poolSize: DriverSize | undefined): boolean => {
  if (poolSize === undefined || !isPython(plan)) return true;
  // Warm drivers have loaded all of the release.
  if (releasePaths.some((path) => !plan.jars.includes(path))) return true;
  if (Object.keys(plan.environment).length > 0) return true;
  if (START_SETTINGS.some((setting) => setting in plan.conf)) return true;
  const { cores, memoryBytes } = requestedSize(plan, poolSize);
  return cores !== poolSize.cores || memoryBytes !== poolSize.memoryBytes;
};
