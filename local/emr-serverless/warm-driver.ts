import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { archiveOption, recordingOption, warmUpJob } from './class-archive.ts';
import { exitOf, type DriverProcess } from './cold-driver.ts';
import type { DriverExit, ResolvedJob } from './execution.ts';
import { killTree } from '../process-tree.ts';
import type { DriverSize, SparkEnvironment } from './spark-environment.ts';

const RUNNER = join(import.meta.dirname, 'run_in_warm_driver.py');
const CONNECT_POLL_MS = 25;
const CONNECT_TIMEOUT_MS = 120_000;
const INT_BYTES = 4;

type Waiting = ChildProcessByStdio<Writable, null, null>;

interface Gateway {
  readonly port: number;
  readonly secret: string;
}

/** What PySpark's gateway writes down once it listens: a port, then a length-prefixed secret. */
const parseGateway = (bytes: Buffer): Gateway | undefined => {
  if (bytes.byteLength < 2 * INT_BYTES) return undefined;
  const length = bytes.readInt32BE(INT_BYTES);
  const secret = bytes.subarray(2 * INT_BYTES);
  return secret.byteLength < length
    ? undefined
    : { port: bytes.readInt32BE(0), secret: secret.toString('utf8', 0, length) };
};

/**
 * A JVM that runs one job after another, each with its own Python process, settings and SparkContext. Only
 * loaded classes and compiled code stay from one job to the next.
 */
export class WarmDriver {
  readonly pid: number;
  readonly size: DriverSize;
  /** What the JVM itself writes, over all its runs. */
  readonly logFile: string;
  readonly exit: Promise<DriverExit>;
  runs = 0;
  readonly #spark: SparkEnvironment;
  readonly #jvm: Waiting;
  readonly #folder: string;
  readonly #gateway: Gateway;
  #next: Waiting;

  private constructor(
    spark: SparkEnvironment,
    size: DriverSize,
    jvm: Waiting,
    exit: Promise<DriverExit>,
    folder: string,
    gateway: Gateway,
  ) {
    this.#spark = spark;
    this.size = size;
    this.#jvm = jvm;
    this.pid = jvm.pid ?? 0;
    this.exit = exit;
    this.#folder = folder;
    this.logFile = join(folder, 'driver.log');
    this.#gateway = gateway;
    this.#next = this.#prepareProcess();
  }

  /** Starts a JVM and runs the warm-up job in it. */
  static async start(spark: SparkEnvironment, size: DriverSize, signal: AbortSignal): Promise<WarmDriver> {
    await mkdir(spark.warmDrivers, { recursive: true });
    const folder = await mkdtemp(join(spark.warmDrivers, 'driver-'));
    const connection = join(folder, 'gateway');
    signal.throwIfAborted();
    const log = openSync(join(folder, 'driver.log'), 'a');
    const options = Object.entries({
      ...spark.conf({}, folder, 'small'),
      'spark.driver.memory': `${String(Math.floor(size.memoryBytes / 1024 ** 2))}m`,
      'spark.driver.extraClassPath': spark.classPath(spark.releaseFiles),
      'spark.driver.defaultJavaOptions': spark.javaOptions('small', archiveOption(spark) || recordingOption, folder),
    }).flatMap(([key, value]) => ['--conf', `${key}=${value}`]);
    // The gateway ends when its standard input does, so no JVM outlives this server.
    const jvm = spawn(spark.sparkSubmit, [...options, 'pyspark-shell'], {
      cwd: folder,
      env: spark.variables({ _PYSPARK_DRIVER_CONN_INFO_PATH: connection }),
      stdio: ['pipe', log, log],
    }) as unknown as Waiting;
    closeSync(log);
    const exit = exitOf(jvm);
    const abort = (): void => {
      jvm.stdin.end();
    };
    signal.addEventListener('abort', abort, { once: true });
    try {
      const gateway = await WarmDriver.#connect(connection, exit);
      const driver = new WarmDriver(spark, size, jvm, exit, folder, gateway);
      const { code } = await driver.run(warmUpJob(spark, folder)).exit;
      if (code !== 0) throw new Error(await readFile(join(folder, 'stderr'), 'utf8'));
      driver.runs = 0;
      return driver;
    } catch (error) {
      if (jvm.pid !== undefined) await killTree(jvm.pid, 0);
      const log = await readFile(join(folder, 'driver.log'), 'utf8');
      await rm(folder, { recursive: true, force: true });
      throw new Error(`a warm driver could not start: ${String(error)}\n${log}`, { cause: error });
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  static async #connect(file: string, exit: Promise<DriverExit>): Promise<Gateway> {
    const jvm = { ended: false };
    void exit.then(() => {
      jvm.ended = true;
    });
    const deadline = Date.now() + CONNECT_TIMEOUT_MS;
    while (!jvm.ended && Date.now() < deadline) {
      const bytes = await readFile(file).catch((error: unknown) => {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return Buffer.alloc(0);
        throw error;
      });
      const gateway = parseGateway(bytes);
      if (gateway !== undefined) return gateway;
      await delay(CONNECT_POLL_MS);
    }
    throw new Error(jvm.ended ? 'its JVM ended' : 'its JVM did not listen in time');
  }

  /** A Python process that has loaded PySpark and waits for a job. */
  #prepareProcess(): Waiting {
    const log = openSync(this.logFile, 'a');
    const child = spawn(this.#spark.python, [RUNNER], {
      env: this.#spark.variables({
        PYSPARK_GATEWAY_PORT: String(this.#gateway.port),
        PYSPARK_GATEWAY_SECRET: this.#gateway.secret,
      }),
      stdio: ['pipe', log, log],
    }) as unknown as Waiting;
    closeSync(log);
    // A process that died while it waited shows in the exit of the job that is given to it.
    child.stdin.on('error', () => undefined);
    return child;
  }

  /** Runs a job; the driver is free again when its process has ended. */
  run(job: ResolvedJob): DriverProcess {
    const process = this.#next;
    const exit = exitOf(process);
    process.stdin.end(`${JSON.stringify(job)}\n`);
    this.runs += 1;
    this.#next = this.#prepareProcess();
    return { pid: process.pid ?? 0, exit };
  }

  /** Ends the JVM and the waiting process, and removes what they left. */
  async stop(): Promise<void> {
    this.#next.stdin.end();
    this.#jvm.stdin.end();
    const pids = [this.#next.pid, this.#jvm.pid].filter((pid) => pid !== undefined);
    await Promise.all(pids.map((pid) => killTree(pid, 0)));
    await this.exit;
    await rm(this.#folder, { recursive: true, force: true });
  }
}
