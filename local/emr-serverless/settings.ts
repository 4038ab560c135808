import { realpathSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { awsSettings } from '../aws-settings.ts';

const ROOT = join(import.meta.dirname, '..', '..', '.tideline');

const count = (fallback: number) => z.coerce.number().int().min(0).default(fallback);

const environmentSchema = z.object({
  EMR_SERVERLESS_PORT: count(0),
  EMR_SERVERLESS_STATE_DIR: z.string().default(join(ROOT, 'emr-serverless')),
  /** Runs of all applications together: the machine's limit, whatever the applications ask for. */
  EMR_SERVERLESS_MAX_CONCURRENT_RUNS: count(2),
  /** Upper limit of warm drivers of one application, whatever its initialCapacity asks for. */
  EMR_SERVERLESS_WARM_DRIVERS: count(2),
  /** Runs after which a warm driver is replaced. */
  EMR_SERVERLESS_RUNS_PER_WARM_DRIVER: count(50),
  /** `aws`: calls are throttled as an account's are; `none`: never. */
  EMR_SERVERLESS_QUOTAS: z.enum(['aws', 'none']).default('none'),
  EMR_SERVERLESS_DRIVER_MEMORY: z.string().default('2g'),
  EMR_SERVERLESS_DRIVER_CORES: count(Math.max(1, availableParallelism())),
  /**
   * JVM options of drivers for small inputs: compiling fast beats compiling well, one heap needs no helper threads.
   * C1 alone reserves 48 MB for compiled code; Spark's generated classes overflow that, and then a fifth of the CPU
   * goes into sweeping it.
   */
  EMR_SERVERLESS_DRIVER_OPTIONS: z
    .string()
    .default('-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:ReservedCodeCacheSize=256m'),
  SPARK_JAR_DIR: z.string().default(join(ROOT, 'tools', 'jars')),
  SPARK_VENV: z.string().default(join(ROOT, 'tools', 'venv')),
  SPARK_CLASS_DATA_DIR: z.string().default(join(ROOT, 'tools', 'spark-class-data')),
  ...awsSettings,
});

export interface Settings {
  readonly port: number;
  readonly stateDir: string;
  readonly maxConcurrentRuns: number;
  readonly maxWarmDrivers: number;
  readonly runsPerWarmDriver: number;
  readonly throttles: boolean;
  readonly driverMemory: string;
  readonly driverCores: number;
  readonly smallDriverOptions: string;
  readonly jarDir: string;
  readonly sparkVenv: string;
  readonly classDataDir: string;
  readonly s3Endpoint: string;
  readonly cloudWatchEndpoint: string | undefined;
  readonly region: string;
  readonly accountId: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** Reads the whole configuration of the server; throws if a variable is missing or malformed. */
export const readSettings = (environment: Readonly<Record<string, string | undefined>>): Settings => {
  const parsed = environmentSchema.parse(environment);
  return {
    port: parsed.EMR_SERVERLESS_PORT,
    stateDir: parsed.EMR_SERVERLESS_STATE_DIR,
    maxConcurrentRuns: parsed.EMR_SERVERLESS_MAX_CONCURRENT_RUNS,
    maxWarmDrivers: parsed.EMR_SERVERLESS_WARM_DRIVERS,
    runsPerWarmDriver: parsed.EMR_SERVERLESS_RUNS_PER_WARM_DRIVER,
    throttles: parsed.EMR_SERVERLESS_QUOTAS === 'aws',
    driverMemory: parsed.EMR_SERVERLESS_DRIVER_MEMORY,
    driverCores: parsed.EMR_SERVERLESS_DRIVER_CORES,
    smallDriverOptions: parsed.EMR_SERVERLESS_DRIVER_OPTIONS,
    // One class archive serves all checkouts that share the installed tools by a link.
    jarDir: realpathSync(parsed.SPARK_JAR_DIR),
    sparkVenv: realpathSync(parsed.SPARK_VENV),
    classDataDir: parsed.SPARK_CLASS_DATA_DIR,
    s3Endpoint: parsed.AWS_ENDPOINT_URL,
    cloudWatchEndpoint: parsed.AWS_ENDPOINT_URL_CLOUDWATCH,
    region: parsed.AWS_REGION,
    accountId: parsed.AWS_ACCOUNT_ID,
    accessKeyId: parsed.AWS_ACCESS_KEY_ID,
    secretAccessKey: parsed.AWS_SECRET_ACCESS_KEY,
  };
};
