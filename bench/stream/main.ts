import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { Command } from 'commander';
import { createProgress, table } from '../../cli/terminal.ts';
import { awsEmulator, awsVariables } from '../../local/aws-emulator.ts';
import { kinesisClient } from '../../local/kinesis-client.ts';
import { announcement } from '../../local/platform.ts';
import { freePort } from '../../local/ports.ts';
import { buckets, ensureBuckets, ensureStream } from '../../local/provision.ts';
import { Supervisor } from '../../local/supervisor.ts';
import { eventStream } from '../../model/stream.ts';
import { cpuSeconds } from '../airflow/processes.ts';
import { FlinkApplication } from './application.ts';
import { Arrivals } from './arrivals.ts';
import { Files } from './files.ts';
import { sqlJar } from './sql.ts';
import { type Pace, Trips } from './trips.ts';

const checkpointIntervalMs = 10_000;
const lookEveryMs = 250;
/** After a kill. */
const killedEvents = 500;
const parts = ['producer', 'emulator', 'JobManager', 'TaskManager', 'TaskManager of the SQL'] as const;
/** The same in plain Flink SQL (sql/). */
const sql = 'trip-sessions-sql';

interface Options extends Pace {
  readonly events: number;
  readonly bytes: number;
}

interface Measured {
  readonly work: string;
  readonly events: number;
  readonly seconds: number;
  /** CPU-seconds, in the order of `parts`. */
  readonly cpu: readonly number[];
}

/**
 * `npm run bench -- stream`: trips from the stream by the application itself, on one machine: how fast it reads what waits for
 * it, and what comes at a rate, how soon after a kill files come again, and what each event costs beside plain Flink SQL.
 */
export async function main(root: string, args: readonly string[]): Promise<void> {
  const options = new Command()
    .name('npm run bench -- stream')
    .option('--events <count>', 'so many wait for the application', Number, 60_000)
    .option('--bytes <count>', 'of so many bytes', Number, 5_120)
    .option('--rate <count>', 'so many a second come then', Number, 1_000)
    .option('--seconds <count>', 'for so long', Number, 60)
    .parse([...args], { from: 'user' })
    .opts<Options>();
  const folder = join(root, '.tideline', 'bench', 'stream');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const progress = createProgress();
  const supervisor = new Supervisor(folder);
  try {
    const port = await freePort();
    const aws = awsVariables(`http://127.0.0.1:${port}`);
    await supervisor.start(awsEmulator(root, port, folder, aws));
    const { readyOutput } = await supervisor.start({
      name: 'managed-flink',
      command: process.execPath,
      args: [join(root, 'local', 'managed-flink', 'main.ts')],
      env: { ...aws, MANAGED_FLINK_STATE_DIR: join(folder, 'flink'), MANAGED_FLINK_LOG_DIR: join(folder, 'logs') },
      isReady: (stdout) => announcement(stdout) !== undefined,
      readyTimeoutMs: 60_000,
    });
    Object.assign(process.env, aws);
    const s3 = new S3Client({ forcePathStyle: true });
    await ensureBuckets(s3);
    await ensureStream(kinesisClient());
    const file = join(root, 'flink-jobs', 'trip-sessions', 'target', 'trip-sessions.jar');
    const jars = { 'trip-sessions': readFileSync(file), [sql]: sqlJar(root, file, folder) };
    for (const [name, Body] of Object.entries(jars))
      await s3.send(new PutObjectCommand({ Bucket: buckets.artifacts, Key: `${name}.jar`, Body }));
    const applicationOf = (name: string) =>
      new FlinkApplication(name, String(announcement(readyOutput)?.listening), join(folder, 'flink'));
    const [application, beside] = [applicationOf('trip-sessions'), applicationOf(sql)];
    const [trips, files] = [new Trips(options.bytes), new Files(s3)];
    await bench({ application, beside, supervisor, trips, files, options, aws, progress });
  } finally {
    await supervisor.stop();
  }
}

interface Parts {
  readonly application: FlinkApplication;
  readonly beside: FlinkApplication;
  readonly supervisor: Supervisor;
  readonly trips: Trips;
  readonly files: Files;
  readonly options: Options;
  readonly aws: Readonly<Record<string, string>>;
  readonly progress: ReturnType<typeof createProgress>;
}

async function bench({ application, beside, supervisor, trips, files, options, aws, progress }: Parts): Promise<void> {
  const inFiles = new Arrivals(trips, () => files.newTrips());
  const cpu = (): number[] =>
    [
      ...[process.pid, supervisor.pidOf('aws'), application.pid('jobmanager'), application.pid('taskmanager')],
      beside.pid('taskmanager'),
    ].map(cpuSeconds);
  const measure = async (work: string, run: () => Promise<number>): Promise<Measured> => {
    progress.step(work);
    const [before, began] = [cpu(), Date.now()];
    const events = await run();
    const seconds = (Date.now() - began) / 1_000;
    return { work, events, seconds, cpu: cpu().map((used, index) => used - (before[index] ?? 0)) };
  };
  const putAll = async (): Promise<number> => {
    await trips.put(options.events);
    return options.events;
  };
  const measured = [await measure('put, nobody reads', putAll)];
  const endpoint = { 'aws.endpoint': aws.AWS_ENDPOINT_URL ?? '' };
  const streamArn = `arn:aws:kinesis:us-east-1:000000000000:stream/${eventStream.name}`;
  const output = `s3://${buckets.lake}`;
  await application.start({ ...endpoint, output, 'stream.arn': streamArn }, checkpointIntervalMs);
  measured.push(
    await measure('what waits is read', async () => {
      await inFiles.all(lookEveryMs);
      return options.events;
    }),
  );
  measured.push(
    await measure(`read while ${options.rate} a second come`, async () => {
      const put = await trips.putAtPace(options);
      await inFiles.all(lookEveryMs);
      return put;
    }),
  );
  const recoveries: (readonly [string, number])[] = [];
  for (const role of ['taskmanager', 'jobmanager'] as const) {
    progress.step(`kill -9 of the ${role}`);
    const killedAt = Date.now();
    process.kill(application.pid(role), 'SIGKILL');
    await trips.put(killedEvents);
    await inFiles.all(lookEveryMs);
    recoveries.push([role, (Date.now() - killedAt) / 1_000]);
  }
  progress.step('plain Flink SQL starts');
  await beside.start({ ...endpoint, stream: eventStream.name, output: `${output}/sql` }, checkpointIntervalMs);
  const burst = async (): Promise<number> => {
    await putAll();
    await inFiles.all(lookEveryMs);
    await untilStill(beside.pid('taskmanager'));
    return options.events;
  };
  // Both are warm before they are measured.
  await burst();
  const pid = beside.pid('taskmanager');
  measured.push(await measure('put at once, read by both', burst));
  if (pid === 0 || beside.pid('taskmanager') !== pid || !(await files.areThere('sql/')))
    throw new Error('Plain Flink SQL has not run through: see the logs of its TaskManager');
  progress.end();
  const rows = measured.map(({ work, events, seconds, cpu: used }) => [
    work,
    seconds.toFixed(1),
    String(Math.round(events / seconds)),
    ((events * options.bytes) / seconds / 1e6).toFixed(1),
    ...used.map((each) => each.toFixed(1)),
  ]);
  console.log(
    `\n${table(['', 'seconds', 'events a second', 'MB a second', ...parts.map((part) => `CPU-s: ${part}`)], rows)}`,
  );
  for (const [role, seconds] of recoveries)
    console.log(`\n  From kill -9 of the ${role} until all that was sent is in files: ${seconds.toFixed(1)} s`);
}

/** Waits until a process has used less than a tenth of a core for a while. */
async function untilStill(pid: number): Promise<void> {
  const seconds = 3;
  for (let before = cpuSeconds(pid); ;) {
    await delay(seconds * 1_000);
    const now = cpuSeconds(pid);
    if (now - before < seconds / 10) return;
    before = now;
  }
}
