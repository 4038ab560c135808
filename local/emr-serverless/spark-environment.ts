import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { readJars, type InstalledJars } from './release-files.ts';
import { ensureReleasePython, sitePackages } from './release-python.ts';
import type { Settings } from './settings.ts';

/** Inherited from the server's own environment; everything else a driver sees is set here. */
const INHERITED = ['PATH', 'HOME', 'USER', 'LANG', 'JAVA_HOME', 'TMPDIR'];

const LARGE_DRIVER_OPTIONS = '-XX:+UseParallelGC';
const LAUNCHER_OPTIONS = '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xshare:auto';

/**
 * Thousands of rows cost less to interpret than the code for them costs to generate and compile, and plans that adapt
 * run each of their stages as a job of its own. A log is cheaper to read on than to checkpoint every ten commits.
 */
const SMALL_INPUT: Readonly<Record<string, string>> = {
  'spark.sql.codegen.wholeStage': 'false',
  'spark.sql.codegen.factoryMode': 'NO_CODEGEN',
  'spark.sql.adaptive.enabled': 'false',
  'spark.databricks.delta.properties.defaults.checkpointInterval': '50',
};

const GIGABYTE = 1024 ** 3;
const UNIT_BYTES: Readonly<Record<string, number>> = { k: 1024, m: 1024 ** 2, g: GIGABYTE, t: 1024 ** 4 };

/** Bytes of a size as Spark or EMR Serverless write it: `2g`, `512m`, `4 GB`, `16`. */
export const parseMemoryBytes = (text: string): number => {
  const [, amount, unit = 'g'] = /^(\d+)\s*([kmgt])?i?b?$/i.exec(text.trim()) ?? [];
  const bytes = UNIT_BYTES[unit.toLowerCase()];
  if (amount === undefined || bytes === undefined) throw new Error(`${text} is not a size`);
  return Number(amount) * bytes;
};

export interface DriverSize {
  readonly cores: number;
  readonly memoryBytes: number;
}

/** A job that asks for more memory than others has an input that is worth compiling well for. */
export type DriverTuning = 'small' | 'large';

/** Where Spark is, and what every driver has in common. */
export class SparkEnvironment {
  readonly sparkHome: string;
  readonly python: string;
  readonly defaultSize: DriverSize;
  /** An empty configuration folder: a class archive is refused if a folder on the class path has files. */
  readonly confDir: string;
  readonly classArchive: string;
  /** What warm drivers write; one that was killed leaves it. */
  readonly warmDrivers: string;
  readonly #settings: Settings;
  readonly #jars: InstalledJars;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#jars = readJars(settings.jarDir);
    this.sparkHome = join(sitePackages(settings.sparkVenv), 'pyspark');
    this.defaultSize = {
      cores: settings.driverCores,
      memoryBytes: parseMemoryBytes(settings.driverMemory),
    };
    const folder = join(settings.classDataDir, this.#classPathKey());
    this.confDir = join(folder, 'conf');
    this.classArchive = join(folder, 'spark.jsa');
    this.warmDrivers = resolve(settings.stateDir, 'warm-drivers');
    mkdirSync(this.confDir, { recursive: true });
    this.python = ensureReleasePython(settings.sparkVenv, join(folder, 'python'));
  }

  /** An archive fits one JVM and one class path only. */
  #classPathKey(): string {
    const hash = createHash('sha256');
    // The version goes to standard output with two dashes.
    hash.update(execFileSync('java', ['--version']));
    const own = join(this.sparkHome, 'jars');
    const files = readdirSync(own)
      .toSorted()
      .map((name) => join(own, name));
    for (const file of [...files, ...this.classPath(this.releaseFiles).split(delimiter)]) {
      const { size, mtimeMs } = statSync(file);
      hash.update(`${file} ${String(size)} ${String(mtimeMs)}\n`);
    }
    return hash.digest('hex').slice(0, 16);
  }

  /**
   * JVM options of a driver, ahead of the job's own `spark.driver.extraJavaOptions`. Its temporary files go where they
   * are removed with it, also when it is killed.
   */
  javaOptions(tuning: DriverTuning, archiveOption: string, tempFolder: string): string {
    const options = tuning === 'large' ? LARGE_DRIVER_OPTIONS : this.#settings.smallDriverOptions;
    return `${options} -Xshare:auto ${archiveOption} -Xlog:cds=off -Xlog:cds+dynamic=off -Duser.timezone=UTC -Djava.io.tmpdir=${tempFolder}`;
  }

  /** Environment variables of a driver's processes. */
  variables(extra: Readonly<Record<string, string>> = {}): Record<string, string> {
    const inherited = Object.fromEntries(
      INHERITED.flatMap((name) => {
        const value = process.env[name];
        return value === undefined ? [] : [[name, value]];
      }),
    );
    return {
      ...inherited,
      SPARK_HOME: this.sparkHome,
      SPARK_CONF_DIR: this.confDir,
      SPARK_LOCAL_IP: '127.0.0.1',
      SPARK_LAUNCHER_OPTS: LAUNCHER_OPTIONS,
      PYSPARK_PYTHON: this.python,
      PYSPARK_DRIVER_PYTHON: this.python,
      PYTHONUNBUFFERED: '1',
      TZ: 'UTC',
      AWS_ENDPOINT_URL: this.#settings.s3Endpoint,
      AWS_REGION: this.#settings.region,
      AWS_DEFAULT_REGION: this.#settings.region,
      AWS_ACCESS_KEY_ID: this.#settings.accessKeyId,
      AWS_SECRET_ACCESS_KEY: this.#settings.secretAccessKey,
      ...extra,
    };
  }

  /** Which drivers are tuned for what; the default size is that of the pre-initialised ones. */
  tuning(size: DriverSize): DriverTuning {
    return size.memoryBytes > this.defaultSize.memoryBytes ? 'large' : 'small';
  }

  /** Settings that a job may replace by its own. */
  #defaults(tuning: DriverTuning): Record<string, string> {
    return {
      ...(tuning === 'small' ? SMALL_INPUT : {}),
      'spark.sql.session.timeZone': 'UTC',
      'spark.sql.shuffle.partitions': String(this.defaultSize.cores),
      'spark.databricks.delta.snapshotPartitions': '1',
      'spark.ui.enabled': 'false',
      'spark.ui.showConsoleProgress': 'false',
    };
  }

  /** Settings of a run: defaults, then the job's own, then what belongs to this machine. */
  conf(own: Readonly<Record<string, string>>, workDir: string, tuning: DriverTuning): Record<string, string> {
    const fileSystem = 'org.apache.hadoop.fs.s3a.S3AFileSystem';
    return {
      ...this.#defaults(tuning),
      'spark.sql.warehouse.dir': join(workDir, 'warehouse'),
      ...own,
      'spark.master': `local[${String(this.defaultSize.cores)}]`,
      'spark.submit.deployMode': 'client',
      'spark.driver.host': '127.0.0.1',
      'spark.driver.bindAddress': '127.0.0.1',
      'spark.local.dir': join(workDir, 'local'),
      'spark.hadoop.fs.s3.impl': fileSystem,
      'spark.hadoop.fs.s3a.impl': fileSystem,
      'spark.hadoop.fs.s3a.endpoint': this.#settings.s3Endpoint,
      'spark.hadoop.fs.s3a.endpoint.region': this.#settings.region,
      'spark.hadoop.fs.s3a.path.style.access': 'true',
      'spark.hadoop.fs.s3a.connection.ssl.enabled': String(this.#settings.s3Endpoint.startsWith('https')),
      'spark.hadoop.fs.s3a.aws.credentials.provider':
        'software.amazon.awssdk.auth.credentials.EnvironmentVariableCredentialsProvider',
    };
  }

  /** What stands here for a file of the release. */
  releaseFile(path: string): string {
    const file = this.#jars.byReleasePath.get(path);
    if (file === undefined) throw new Error(`${path} is not part of this local server`);
    return file;
  }

  /** What stands for all files of the release that a job may name. */
  get releaseFiles(): readonly string[] {
    return [...this.#jars.byReleasePath.values()];
  }

  /** The class path of a driver whose job has named these files of the release; last, as the class archive has them. */
  classPath(releaseFiles: readonly string[]): string {
    return [...this.#jars.always, ...this.releaseFiles.filter((file) => releaseFiles.includes(file))].join(delimiter);
  }

  get sparkSubmit(): string {
    return join(this.sparkHome, 'bin', 'spark-submit');
  }
}
