import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { KinesisClient, ListShardsCommand, PutRecordsCommand, SplitShardCommand } from '@aws-sdk/client-kinesis';
import {
  CreateApplicationCommand,
  CreateApplicationSnapshotCommand,
  StartApplicationCommand,
  StopApplicationCommand,
} from '@aws-sdk/client-kinesis-analytics-v2';
import { DuckDBInstance } from '@duckdb/node-api';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { Producer } from '../../local/producer/producer.ts';
import { ensureStream } from '../../local/provision.ts';
import { pascalCase } from '../../infra/streams.ts';
import { eventStream } from '../../model/stream.ts';
import { streamApplications } from '../../model/stream-applications.ts';
import { type Call, Interceptor } from '../crash/interceptor.ts';
import { root } from '../tools.ts';
import { compare, grantsOf, templateOf } from '../unit/stack.ts';
import { access } from './access.ts';
import { LocalS3 } from './local-s3.ts';
import { ManagedFlink } from './managed-flink-service.ts';
import { s3RightsFor } from './rights.ts';

export type Row = Record<string, unknown>;

const lake = 'lake';
/** Buckets by the names that they have in the stack. Others are the service's own, whose rights are its own too. */
const buckets: Readonly<Record<string, string>> = { [lake]: 'Lake', artifacts: 'Artifacts' };
/**
 * What a test leaves between its calls and the role: of the parent of its folders a marker that there is not, which Hadoop
 * removes with each file and need not; and rights for what does not happen here: a file that is found after a failure, or is
 * missing, an upload that is given up, code by its version, the service's logs.
 */
export function leftOfRole(name: string): { readonly refused: string[]; readonly unused: string[] } {
  const id = pascalCase(name);
  const { folders = [] } = streamApplications.find((application) => application.name === name) ?? {};
  const logs = 'arn:AWS::Partition:logs:AWS::Region:AWS::AccountId:log-group:';
  return {
    refused: ['s3:DeleteObject Lake/streaming/'],
    unused: [
      `s3:GetObjectVersion Artifacts/flink-jobs/${name}/*`,
      ...['GetObject', 'AbortMultipartUpload'].flatMap((action) =>
        folders.map((folder) => `s3:${action} Lake/${folder}/*`),
      ),
      's3:ListBucket Lake',
      `logs:DescribeLogGroups ${logs}*`,
      `logs:DescribeLogStreams ${logs}${id}Logs:log-stream:*`,
      `logs:PutLogEvents ${logs}${id}Logs:log-stream:${id}LogStream`,
    ],
  };
}

const POLL_MS = 50;
/** How old an answer of Flink's REST API may be: `web.refresh-interval`. */
const restAgeMs = 3_000;

/** An application of flink-jobs/ on a Managed Flink of its own, beside the stream that it reads and the lake that it writes. */
export class StreamApplication {
  readonly name: string;
  readonly aws: LocalS3;
  /** Lines that the producer has not put into the stream. */
  refused = 0;
  readonly producer: Producer;
  readonly flink = new ManagedFlink();
  /** Where the application reaches AWS. */
  endpoint = '';
  readonly #interceptor: Interceptor;
  /** What it has asked for, with what the service asks for it: `s3:GetObject Lake/key`. */
  readonly #asked = new Set<string>();
  readonly #folder = mkdtempSync(join(tmpdir(), 'stream-files-'));
  readonly #kinesis: KinesisClient;

  private constructor(name: string, aws: LocalS3) {
    this.name = name;
    this.aws = aws;
    this.#interceptor = new Interceptor(aws.url);
    this.#kinesis = new KinesisClient({ ...access, endpoint: aws.url, requestHandler: new NodeHttpHandler() });
    this.producer = new Producer({
      kinesis: this.#kinesis,
      stream: eventStream.name,
      keepRefused: async (lines) => {
        this.refused += lines.length;
      },
    });
  }

  /** With the stream and the lake there, and the application's jar where it is created from. */
  static async prepare(name: string): Promise<StreamApplication> {
    const application = new StreamApplication(name, await LocalS3.start());
    const { aws } = application;
    for (const bucket of ['artifacts', lake]) await aws.createBucket(bucket);
    const jar = join(root, 'flink-jobs', name, 'target', `${name}.jar`);
    await aws.put('artifacts', application.#code, readFileSync(jar));
    await ensureStream(application.#kinesis);
    application.endpoint = await application.#interceptor.listen();
    await application.flink.start({ url: application.endpoint });
    return application;
  }

  get #code(): string {
    return `flink-jobs/${this.name}/1.jar`;
  }

  #note(call: Call): void {
    const [, bucket] = /^\w+ \/([^/]+)/.exec(call.operation) ?? [];
    if (bucket !== undefined)
      for (const right of bucket in buckets ? s3RightsFor(call, buckets) : []) this.#asked.add(right);
    else if (call.operation === 'PutItem') this.#asked.add(`dynamodb:PutItem ${pascalCase(this.name)}Lookup`);
    else {
      this.#asked.add(`kinesis:${call.operation} Events`);
      // The stream has a key of its own.
      if (call.operation === 'GetRecords') this.#asked.add('kms:Decrypt EventsKey');
    }
  }

  /** What its role lacks of what it has asked for, and what the role may that it has not. */
  comparedWithRole(): { readonly refused: string[]; readonly unused: string[] } {
    const { refused, unused } = compare(grantsOf(templateOf(), `${pascalCase(this.name)}Role`), [...this.#asked]);
    return { refused, unused: unused.map(({ action, resource }) => `${action} ${resource}`) };
  }

  /** Creates the application with a checkpoint every two seconds, starts it and waits until it runs. */
  async run(properties: Readonly<Record<string, string>> = {}): Promise<void> {
    const { name: ApplicationName, flink } = this;
    this.#interceptor.observe((call) => {
      this.#note(call);
    });
    const PropertyMap = {
      'stream.arn': `arn:aws:kinesis:us-east-1:000000000000:stream/${eventStream.name}`,
      output: `s3://${lake}`,
      'aws.endpoint': this.endpoint,
      ...properties,
    };
    await flink.client.send(
      new CreateApplicationCommand({
        ApplicationName,
        RuntimeEnvironment: 'FLINK-1_20',
        ServiceExecutionRole: 'arn:aws:iam::000000000000:role/flink',
        ApplicationConfiguration: {
          ApplicationCodeConfiguration: {
            CodeContentType: 'ZIPFILE',
            CodeContent: {
              S3ContentLocation: { BucketARN: 'arn:aws:s3:::artifacts', FileKey: this.#code },
            },
          },
          FlinkApplicationConfiguration: {
            CheckpointConfiguration: {
              ConfigurationType: 'CUSTOM',
              CheckpointingEnabled: true,
              CheckpointInterval: 2_000,
              MinPauseBetweenCheckpoints: 500,
            },
          },
          EnvironmentProperties: { PropertyGroups: [{ PropertyGroupId: 'tideline', PropertyMap }] },
        },
      }),
    );
    await flink.client.send(new StartApplicationCommand({ ApplicationName, RunConfiguration: {} }));
    await flink.untilStatus(ApplicationName, 'RUNNING');
  }

  /** Records that no producer of ours would send. */
  async putUnchecked(records: readonly Uint8Array[]): Promise<void> {
    const Records = records.map((Data, index) => ({ Data, PartitionKey: String(index) }));
    const { FailedRecordCount } = await this.#kinesis.send(
      new PutRecordsCommand({ StreamName: eventStream.name, Records }),
    );
    if (FailedRecordCount) throw new Error(`${FailedRecordCount} of ${records.length} records were not taken`);
  }

  kill(role: 'jobmanager' | 'taskmanager'): void {
    process.kill(this.flink.pid(this.name, role), 'SIGKILL');
  }

  /**
   * Kills the TaskManager while a checkpoint is in progress, and gives its id: what keeps its files is silent, so that a
   * checkpoint that a subtask has yet to confirm can be completed no more.
   */
  killMidCheckpoint(): Promise<number> {
    return this.aws.whileSilent(async () => {
      // What the JobManager tells may be of before.
      await delay(restAgeMs);
      for (;;) {
        const inProgress = (await this.flink.checkpoints(this.name)).find(
          ({ status, ...of }) => status === 'IN_PROGRESS' && of.num_acknowledged_subtasks < of.num_subtasks,
        );
        if (inProgress) {
          this.kill('taskmanager');
          return inProgress.id;
        }
        await delay(POLL_MS);
      }
    });
  }

  async takeSnapshot(SnapshotName: string): Promise<void> {
    const { name: ApplicationName, flink } = this;
    await flink.client.send(new CreateApplicationSnapshotCommand({ ApplicationName, SnapshotName }));
    await flink.untilSnapshot(ApplicationName, SnapshotName);
  }

  /** Stops it and starts it again from a snapshot. */
  async restartFrom(SnapshotName: string): Promise<void> {
    const { name: ApplicationName, flink } = this;
    await flink.client.send(new StopApplicationCommand({ ApplicationName }));
    await flink.untilStatus(ApplicationName, 'READY');
    const restore = { ApplicationRestoreType: 'RESTORE_FROM_CUSTOM_SNAPSHOT', SnapshotName } as const;
    const RunConfiguration = { ApplicationRestoreConfiguration: restore };
    await flink.client.send(new StartApplicationCommand({ ApplicationName, RunConfiguration }));
    await flink.untilStatus(ApplicationName, 'RUNNING');
  }

  /** Splits the first shard of the stream in the middle of its keys. */
  async splitShard(): Promise<void> {
    const StreamName = eventStream.name;
    const { Shards: [shard] = [] } = await this.#kinesis.send(new ListShardsCommand({ StreamName }));
    const { StartingHashKey = '0', EndingHashKey = '0' } = shard?.HashKeyRange ?? {};
    const NewStartingHashKey = String((BigInt(StartingHashKey) + BigInt(EndingHashKey)) / 2n);
    await this.#kinesis.send(new SplitShardCommand({ StreamName, ShardToSplit: shard?.ShardId, NewStartingHashKey }));
  }

  keys(prefix: string): Promise<string[]> {
    return this.aws.keys(lake, prefix);
  }

  /** The rows of all files below a folder of the lake. */
  async rows(prefix: string): Promise<Row[]> {
    const keys = await this.keys(prefix);
    const files = await Promise.all(
      keys.map(async (key, index) => {
        const file = join(this.#folder, `${index}.parquet`);
        writeFileSync(file, await this.aws.get(lake, key));
        return `'${file}'`;
      }),
    );
    if (files.length === 0) return [];
    const instance = await DuckDBInstance.create(':memory:');
    const db = await instance.connect();
    try {
      return (await db.runAndReadAll(`SELECT * FROM read_parquet([${files.join(', ')}])`)).getRowObjectsJson();
    } finally {
      db.closeSync();
      instance.closeSync();
    }
  }

  async stop(): Promise<void> {
    await this.flink.stop();
    this.#interceptor.close();
    this.#kinesis.destroy();
    await this.aws.stop();
    await rm(this.#folder, { recursive: true });
  }
}

/** Of the rows of each key the one with the highest version, as a merge takes it. */
export function newest(rows: readonly Row[], key: (row: Row) => string): Row[] {
  return [...Map.groupBy(rows, key).values()].map((told) =>
    told.reduce((a, b) => (Number(b.version) > Number(a.version) ? b : a)),
  );
}
