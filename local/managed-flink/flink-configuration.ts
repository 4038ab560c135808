import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ApplicationRecord, Configuration, Deployment } from './records.ts';
import type { Settings } from './settings.ts';

/** Where the files of an application's cluster lie. All of it is written anew with every start. */
export const clusterFiles = (folder: string) => ({
  folder,
  configuration: join(folder, 'conf', 'config.yaml'),
  logging: join(folder, 'conf', 'log4j.properties'),
  properties: join(folder, 'application_properties.json'),
  scratch: join(folder, 'tmp'),
  artifacts: join(folder, 'artifacts'),
});

export type ClusterFiles = ReturnType<typeof clusterFiles>;

/** Ports of a JobManager. */
export interface Ports {
  readonly rpc: number;
  readonly blobs: number;
  readonly rest: number;
}

// Sizes in MB. What a job needs varies with its operators and its state, and only that has a setting.
const jobManagerHeap = 256;
const frameworkHeap = 64;
const frameworkOffHeap = 64;
const network = 64;
const metaspace = 256;

/** `config.yaml` of both processes: https://nightlies.apache.org/flink/flink-docs-release-1.20/docs/deployment/config/ */
export const flinkConfiguration = (
  { checkpoints, parallelism }: Configuration,
  settings: Settings,
  files: ClusterFiles,
  ports: Ports,
  checkpointFolder: string,
): string => {
  const host = '127.0.0.1';
  const options: Record<string, string | number | boolean> = {
    'jobmanager.rpc.address': host,
    'jobmanager.rpc.port': ports.rpc,
    'jobmanager.bind-host': host,
    'blob.server.port': ports.blobs,
    'rest.address': host,
    'rest.bind-address': host,
    'rest.port': ports.rest,
    'rest.bind-port': ports.rest,
    'taskmanager.host': host,
    'taskmanager.bind-host': host,
    // One TaskManager runs all that the service would spread over KPUs.
    'taskmanager.numberOfTaskSlots': parallelism.Parallelism,
    'parallelism.default': parallelism.Parallelism,
    'taskmanager.cpu.cores': 1,
    'taskmanager.memory.framework.heap.size': `${frameworkHeap}m`,
    'taskmanager.memory.task.heap.size': `${settings.MANAGED_FLINK_TASK_HEAP_MB}m`,
    'taskmanager.memory.framework.off-heap.size': `${frameworkOffHeap}m`,
    'taskmanager.memory.task.off-heap.size': '0m',
    'taskmanager.memory.network.min': `${network}m`,
    'taskmanager.memory.network.max': `${network}m`,
    'taskmanager.memory.managed.size': `${settings.MANAGED_FLINK_MANAGED_MEMORY_MB}m`,
    'taskmanager.memory.jvm-metaspace.size': `${metaspace}m`,
    'taskmanager.memory.jvm-overhead.min': '64m',
    'taskmanager.memory.jvm-overhead.max': '64m',
    'state.backend.type': 'rocksdb',
    'execution.checkpointing.incremental': true,
    'execution.checkpointing.mode': 'EXACTLY_ONCE',
    'execution.checkpointing.dir': checkpointFolder,
    // One that hangs, and a snapshot too, fails then: https://docs.aws.amazon.com/managed-flink/latest/java/reference-flink-settings.title.html
    'execution.checkpointing.timeout': 3_600_000,
    // There is no high availability here: a new JobManager finds the newest checkpoint itself, so it must still be there.
    'execution.checkpointing.externalized-checkpoint-retention': 'RETAIN_ON_CANCELLATION',
    ...(checkpoints.CheckpointingEnabled && {
      'execution.checkpointing.interval': checkpoints.CheckpointInterval,
      'execution.checkpointing.min-pause': checkpoints.MinPauseBetweenCheckpoints,
    }),
    // As the service since Flink 1.19: for ever.
    'restart-strategy.type': 'exponential-delay',
    // A process that is gone is missed after two of these; one that is only slow, after the time-out.
    'heartbeat.interval': 2_000,
    'heartbeat.timeout': 30_000,
    'metrics.fetcher.update-interval': 2_000,
    's3.endpoint': settings.AWS_ENDPOINT_URL,
    's3.path.style.access': true,
    's3.access-key': settings.AWS_ACCESS_KEY_ID,
    's3.secret-key': settings.AWS_SECRET_ACCESS_KEY,
    'io.tmp.dirs': files.scratch,
    // With the default, one for all clusters, a new jar runs an old one's code.
    'user.artifacts.base-dir': files.artifacts,
  };
  return Object.entries(options)
    .map(([name, value]) => `${name}: ${JSON.stringify(value)}\n`)
    .join('');
};

/** Logs go to standard output, which the supervisor keeps. */
export const loggingConfiguration = ({ monitoring }: Configuration): string =>
  [
    `rootLogger.level = ${monitoring.LogLevel}`,
    'rootLogger.appenderRef.console.ref = Console',
    'appender.console.type = Console',
    'appender.console.name = Console',
    'appender.console.layout.type = PatternLayout',
    'appender.console.layout.pattern = %d{ISO8601}{UTC}Z %-5p %c{1} - %m%n',
    '',
  ].join('\n');

/** Property groups as the service gives them to a job in `/etc/flink/application_properties.json`. */
export const applicationProperties = ({ propertyGroups }: Configuration): string =>
  JSON.stringify(propertyGroups.map(({ id, properties }) => ({ PropertyGroupId: id, PropertyMap: properties })));

/** What Flink reaches into on Java 17. */
const openPackages = [
  'java.lang',
  'java.lang.invoke',
  'java.math',
  'java.net',
  'java.io',
  'java.nio',
  'java.text',
  'java.time',
  'java.util',
  'java.util.concurrent',
  'java.util.concurrent.atomic',
  'java.util.concurrent.locks',
].map((name) => `--add-opens=java.base/${name}=ALL-UNNAMED`);

const java = (
  files: ClusterFiles,
  settings: Settings,
  jvm: readonly string[],
  main: string,
  args: readonly string[],
) => [
  ...jvm,
  `-XX:MaxMetaspaceSize=${metaspace}m`,
  // One heap of this size needs no helper threads.
  '-XX:+UseSerialGC',
  ...openPackages,
  `-Dlog4j.configurationFile=${pathToFileURL(files.logging).href}`,
  // What a killed process leaves goes with the cluster.
  `-Djava.io.tmpdir=${files.scratch}`,
  '-cp',
  join(settings.FLINK_DIR, 'lib', '*'),
  main,
  '--configDir',
  join(files.folder, 'conf'),
  ...args,
];

/** Arguments of `java` for a JobManager that runs one job, from a checkpoint or savepoint where there is one. */
export const jobManagerArguments = (
  files: ClusterFiles,
  settings: Settings,
  jar: string,
  { jobId, allowNonRestoredState }: Deployment,
  restoreFrom: string | undefined,
): string[] =>
  java(
    files,
    settings,
    // It only coordinates: what matters is how soon it is up.
    [`-Xmx${jobManagerHeap}m`, '-XX:TieredStopAtLevel=1'],
    'org.apache.flink.container.entrypoint.StandaloneApplicationClusterEntryPoint',
    [
      ...['--jars', pathToFileURL(jar).href, '--job-id', jobId],
      ...(restoreFrom === undefined ? [] : ['--fromSavepoint', restoreFrom]),
      ...(restoreFrom !== undefined && allowNonRestoredState ? ['--allowNonRestoredState'] : []),
    ],
  );

export const taskManagerArguments = (files: ClusterFiles, settings: Settings): string[] =>
  java(
    files,
    settings,
    [
      `-Xmx${frameworkHeap + settings.MANAGED_FLINK_TASK_HEAP_MB}m`,
      `-XX:MaxDirectMemorySize=${frameworkOffHeap + network}m`,
    ],
    'org.apache.flink.runtime.taskexecutor.TaskManagerRunner',
    [],
  );

/** What both processes find in their environment. */
export const processEnvironment = (files: ClusterFiles, settings: Settings): Record<string, string> => ({
  APPLICATION_PROPERTIES_FILE: files.properties,
  FLINK_LIB_DIR: join(settings.FLINK_DIR, 'lib'),
  FLINK_PLUGINS_DIR: join(settings.FLINK_DIR, 'plugins'),
  AWS_ENDPOINT_URL: settings.AWS_ENDPOINT_URL,
  AWS_REGION: settings.AWS_REGION,
  AWS_ACCESS_KEY_ID: settings.AWS_ACCESS_KEY_ID,
  AWS_SECRET_ACCESS_KEY: settings.AWS_SECRET_ACCESS_KEY,
  // In CBOR the emulator tells when a record arrived in seconds, where its clients expect milliseconds.
  AWS_CBOR_DISABLE: 'true',
});

/** Keys of an application in the service's bucket. */
export const checkpointsKey = ({ name }: ApplicationRecord): string => `${name}/checkpoints`;
export const snapshotsKey = ({ name }: ApplicationRecord): string => `${name}/snapshots`;
