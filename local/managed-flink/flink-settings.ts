import type { Configuration } from './records.ts';
import type { Memory, S3Access } from './settings.ts';

/** Ports of one application's processes, all on 127.0.0.1. */
export interface Ports {
  readonly rpc: number;
  readonly rest: number;
  readonly blob: number;
  readonly taskRpc: number;
  readonly taskData: number;
}

interface Cluster {
  readonly configuration: Configuration;
  readonly ports: Ports;
  readonly memory: Memory;
  readonly s3: S3Access;
  /** Folder of this machine for what needs no keeping: RocksDB's files, spilled records, jars on their way. */
  readonly tempDir: string;
  readonly checkpointsUri: string;
  readonly restartDelayMs: number;
  /** Whether the job takes over the checkpoint from which it starts, and deletes it when there is a newer one. */
  readonly claims: boolean;
}

const FRAMEWORK_HEAP_MIB = 64;
const FRAMEWORK_OFF_HEAP_MIB = 64;
export const METASPACE_MIB = 256;
const OVERHEAD_MIB = 128;

/** The heap of a TaskManager, in MiB: the job's part and Flink's own. */
export const taskManagerHeap = ({ taskHeap }: Memory): number => taskHeap + FRAMEWORK_HEAP_MIB;
/** Memory of a TaskManager's buffers outside of the heap, in MiB. */
export const taskManagerDirect = ({ network }: Memory): number => network + FRAMEWORK_OFF_HEAP_MIB;

const mib = (count: number): string => `${String(count)} mb`;
const ms = (count: number): string => `${String(count)} ms`;

/** Flink's configuration of one application, as the service sets it. */
export const flinkSettings = (cluster: Cluster): Readonly<Record<string, string | number | boolean>> => {
  const { configuration, ports, memory, s3, tempDir } = cluster;
  const { checkpoint, parallelism } = configuration;
  const host = '127.0.0.1';
  return {
    'jobmanager.rpc.address': host,
    'jobmanager.bind-host': host,
    'jobmanager.rpc.port': ports.rpc,
    'rest.address': host,
    'rest.bind-address': host,
    'rest.port': ports.rest,
    'blob.server.port': String(ports.blob),
    'taskmanager.host': host,
    'taskmanager.bind-host': host,
    'taskmanager.rpc.port': String(ports.taskRpc),
    'taskmanager.data.port': ports.taskData,
    'taskmanager.numberOfTaskSlots': parallelism.Parallelism,
    'parallelism.default': parallelism.Parallelism,
    // All that a TaskManager must be told which is started without Flink's shell scripts.
    'taskmanager.cpu.cores': parallelism.Parallelism,
    'taskmanager.memory.framework.heap.size': mib(FRAMEWORK_HEAP_MIB),
    'taskmanager.memory.framework.off-heap.size': mib(FRAMEWORK_OFF_HEAP_MIB),
    'taskmanager.memory.task.heap.size': mib(memory.taskHeap),
    'taskmanager.memory.task.off-heap.size': mib(0),
    'taskmanager.memory.managed.size': mib(memory.state),
    'taskmanager.memory.network.min': mib(memory.network),
    'taskmanager.memory.network.max': mib(memory.network),
    'taskmanager.memory.jvm-metaspace.size': mib(METASPACE_MIB),
    'taskmanager.memory.jvm-overhead.min': mib(OVERHEAD_MIB),
    'taskmanager.memory.jvm-overhead.max': mib(OVERHEAD_MIB),
    // The service asks a job that has ended how that was, and ends its JobManager itself.
    'execution.shutdown-on-application-finish': false,
    'state.backend.type': 'rocksdb',
    'execution.checkpointing.dir': cluster.checkpointsUri,
    'execution.checkpointing.mode': 'EXACTLY_ONCE',
    'execution.checkpointing.incremental': true,
    // A job that is started again needs them, whatever became of its JobManager.
    'execution.checkpointing.externalized-checkpoint-retention': 'RETAIN_ON_CANCELLATION',
    'execution.state-recovery.claim-mode': cluster.claims ? 'CLAIM' : 'NO_CLAIM',
    ...(checkpoint.CheckpointingEnabled && {
      'execution.checkpointing.interval': ms(checkpoint.CheckpointInterval),
      'execution.checkpointing.min-pause': ms(checkpoint.MinPauseBetweenCheckpoints),
    }),
    'restart-strategy.type': 'fixed-delay',
    'restart-strategy.fixed-delay.attempts': 2 ** 31 - 1,
    'restart-strategy.fixed-delay.delay': ms(cluster.restartDelayMs),
    // A process of this machine that is silent for so long is gone.
    'heartbeat.interval': ms(2_000),
    'heartbeat.timeout': ms(20_000),
    's3.endpoint': s3.endpoint,
    's3.path.style.access': true,
    's3.access-key': s3.accessKeyId,
    's3.secret-key': s3.secretAccessKey,
    'io.tmp.dirs': tempDir,
    'web.tmpdir': tempDir,
    'user.artifacts.base-dir': tempDir,
    'web.submit.enable': false,
  };
};

/** The configuration of its log4j: everything goes to the standard output. */
export const logSettings = (level: string): string =>
  [
    `rootLogger.level = ${level}`,
    'rootLogger.appenderRef.console.ref = Console',
    'appender.console.name = Console',
    'appender.console.type = CONSOLE',
    'appender.console.layout.type = PatternLayout',
    'appender.console.layout.pattern = %d{ISO8601} %-5p %c{1} - %m%n',
    '',
  ].join('\n');
