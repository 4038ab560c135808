import { mkdirSync, renameSync, existsSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, delimiter } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../ports.ts';
import { FlinkRest } from './flink-rest.ts';
import {
  flinkSettings,
  logSettings,
  METASPACE_MIB,
  type Ports,
  taskManagerDirect,
  taskManagerHeap,
} from './flink-settings.ts';
import { GuardedProcess } from './guarded-process.ts';
import type { JobRecord } from './records.ts';
import type { Settings } from './settings.ts';

/** What Flink reaches into; its own start scripts open the same packages. */
const OPENED = [
  ...['java.io', 'java.lang', 'java.lang.reflect', 'java.net', 'java.nio', 'java.text', 'java.time', 'java.util'],
  ...['java.util.concurrent', 'java.util.concurrent.atomic', 'java.util.concurrent.locks', 'sun.nio.ch'],
].map((name) => `--add-opens=java.base/${name}=ALL-UNNAMED`);

const TASK_MANAGER_PAUSE_MS = 500;

export interface ClusterOptions {
  readonly settings: Settings;
  readonly applicationName: string;
  readonly job: JobRecord;
  /** Holds `usrlib/`, with the job's jar, and `application_properties.json`. */
  readonly folder: string;
  readonly checkpointsUri: string;
  readonly restoreFrom: string | undefined;
  /** Whether what it starts from is a checkpoint of this very job. */
  readonly isOwnCheckpoint: boolean;
}

/** One JobManager with one TaskManager that run one job. A TaskManager that is lost is started again; a JobManager is not. */
export class Cluster {
  readonly rest: FlinkRest;
  /** Resolves with how the JobManager ended. */
  readonly exit: Promise<string>;
  readonly jobManagerLog: string;
  readonly #jobManager: GuardedProcess;
  #taskManager: GuardedProcess;
  #closing = false;

  static async start(options: ClusterOptions): Promise<Cluster> {
    const [rpc, rest, blob, taskRpc, taskData] = await Promise.all([
      freePort(),
      freePort(),
      freePort(),
      freePort(),
      freePort(),
    ]);
    return new Cluster(options, { rpc, rest, blob, taskRpc, taskData });
  }

  private constructor(options: ClusterOptions, ports: Ports) {
    const { settings, folder, job, applicationName } = options;
    const home = join(folder, 'home');
    const tempDir = join(folder, 'temp');
    for (const each of [join(home, 'conf'), tempDir, settings.logDir]) mkdirSync(each, { recursive: true });
    // Flink looks for the job's jars beside its own.
    if (!existsSync(join(home, 'lib'))) symlinkSync(join(settings.flinkDir, 'lib'), join(home, 'lib'));
    const { configuration } = job;
    const { memory, s3, restartDelayMs } = settings;
    const { checkpointsUri, isOwnCheckpoint: claims } = options;
    const flink = flinkSettings({ configuration, ports, memory, s3, tempDir, checkpointsUri, restartDelayMs, claims });
    // JSON is YAML; it holds the access key.
    writeFileSync(join(home, 'conf', 'config.yaml'), JSON.stringify(flink, undefined, 1), { mode: 0o600 });
    writeFileSync(join(home, 'conf', 'log4j.properties'), logSettings(configuration.monitoring.LogLevel));

    const run = (name: string, jvm: readonly string[], main: readonly string[]): GuardedProcess => {
      const logFile = logFileOf(settings.logDir, applicationName, name);
      // Why the one before ended is worth keeping.
      if (existsSync(logFile)) renameSync(logFile, `${logFile}.before`);
      const classPath = join(home, 'lib', '*') + delimiter + join(home, 'conf');
      return new GuardedProcess({
        command: ['java', ...jvm, ...commonOptions(home), '-cp', classPath, ...main, '--configDir', join(home, 'conf')],
        environment: {
          AWS_REGION: s3.region,
          APPLICATION_PROPERTIES_FILE: join(folder, 'application_properties.json'),
          FLINK_CONF_DIR: join(home, 'conf'),
          FLINK_LIB_DIR: join(home, 'lib'),
          FLINK_PLUGINS_DIR: join(settings.flinkDir, 'plugins'),
        },
        // Flink tells the TaskManager of the job's jars by a path from here.
        workDir: home,
        logFile,
      });
    };
    const restore = options.restoreFrom === undefined ? [] : ['--fromSavepoint', options.restoreFrom];
    const allow = job.allowNonRestoredState && restore.length > 0 ? ['--allowNonRestoredState'] : [];
    this.jobManagerLog = logFileOf(settings.logDir, applicationName, 'jobmanager');
    this.#jobManager = run(
      'jobmanager',
      [`-Xmx${String(memory.jobManagerHeap)}m`],
      [
        'org.apache.flink.container.entrypoint.StandaloneApplicationClusterEntryPoint',
        ...['--job-id', job.id, ...restore, ...allow],
      ],
    );
    const startTaskManager = (): GuardedProcess =>
      run(
        'taskmanager',
        [
          `-Xmx${String(taskManagerHeap(memory))}m`,
          `-XX:MaxDirectMemorySize=${String(taskManagerDirect(memory))}m`,
        ],
        ['org.apache.flink.runtime.taskexecutor.TaskManagerRunner'],
      );
    this.#taskManager = startTaskManager();
    this.exit = this.#jobManager.exit;
    this.rest = new FlinkRest(ports.rest, job.id);
    void this.#keepTaskManager(startTaskManager);
  }

  async #keepTaskManager(start: () => GuardedProcess): Promise<void> {
    for (;;) {
      await this.#taskManager.exit;
      await delay(TASK_MANAGER_PAUSE_MS);
      if (this.#closing) return;
      this.#taskManager = start();
    }
  }

  /** Ends both JVMs at once, and waits until they are gone. */
  async kill(): Promise<void> {
    this.#closing = true;
    await Promise.all([this.#jobManager.kill(), this.#taskManager.kill()]);
  }
}

const logFileOf = (logDir: string, applicationName: string, process: string): string =>
  join(logDir, `flink-${applicationName}-${process}.log`);

/** One small heap needs no helper threads, and a JVM that has no memory left is better started again. */
const commonOptions = (home: string): readonly string[] => [
  '-XX:+UseSerialGC',
  '-XX:+ExitOnOutOfMemoryError',
  `-XX:MaxMetaspaceSize=${String(METASPACE_MIB)}m`,
  `-Dlog4j2.configurationFile=${join(home, 'conf', 'log4j.properties')}`,
  '--add-exports=java.base/sun.net.util=ALL-UNNAMED',
  ...OPENED,
];
