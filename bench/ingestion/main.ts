import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { Command } from 'commander';
import { createProgress, table } from '../../cli/terminal.ts';
import { awsEmulator, awsVariables } from '../../local/aws-emulator.ts';
import { deliveryProcess } from '../../local/delivery/process.ts';
import { rawLines } from '../../local/generator/raw-lines.ts';
import { kinesisClient } from '../../local/kinesis-client.ts';
import { freePort } from '../../local/ports.ts';
import { checkLine } from '../../local/producer/check-line.ts';
import { Producer } from '../../local/producer/producer.ts';
import { buckets, ensureBuckets, ensureStream } from '../../local/provision.ts';
import { Supervisor } from '../../local/supervisor.ts';
import { delivery, eventStream } from '../../model/stream.ts';
import { cpuSeconds } from '../airflow/processes.ts';

const putAtOnce = 2_000;
const lineFeed = 10;

interface Measured {
  readonly work: string;
  readonly seconds: number;
  /** By who used it. */
  readonly cpu: Readonly<Record<string, number>>;
}

/** `npm run bench -- ingestion`: what events cost on their way from a producer into raw files, and which part sets the pace. */
export async function main(root: string, args: readonly string[]): Promise<void> {
  const { events: count, bytes: eventBytes } = new Command()
    .name('npm run bench -- ingestion')
    .option('--events <count>', 'so many', Number, 40_000)
    .option('--bytes <count>', 'of so many bytes', Number, 5_120)
    .parse([...args], { from: 'user' })
    .opts<{ events: number; bytes: number }>();
  const folder = join(root, '.tideline', 'bench', 'ingestion');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const progress = createProgress();
  progress.step(`${count} events of ${eventBytes} bytes are made`);
  const lines = linesOf(count, eventBytes);
  const supervisor = new Supervisor(folder);
  try {
    const port = await freePort();
    const aws = awsVariables(`http://127.0.0.1:${port}`);
    await supervisor.start(awsEmulator(root, port, folder, aws));
    Object.assign(process.env, aws);
    const s3 = new S3Client({ forcePathStyle: true });
    await ensureBuckets(s3);
    await ensureStream(kinesisClient());
    const producer = new Producer({
      kinesis: kinesisClient(),
      stream: eventStream.name,
      keepRefused: async (refused) => Promise.reject(new Error(refused[0]?.reason)),
    });
    const put = async (): Promise<void> => {
      for (let from = 0; from < lines.length; from += putAtOnce)
        await producer.put(lines.slice(from, from + putAtOnce));
    };
    const deliver = () =>
      supervisor.start(
        deliveryProcess(root, {
          DELIVERY_STATE_DIR: folder,
          DELIVERY_BUCKET: buckets.raw,
          DELIVERY_PREFIX: delivery.folder,
          DELIVERY_BUFFER_SECONDS: '1',
        }),
      );
    const arrived = arrivals(s3);
    const measure = async (work: string, run: () => Promise<void>): Promise<Measured> => {
      progress.step(work);
      const used = (): Record<string, number> => ({
        producer: cpuSeconds(process.pid),
        emulator: cpuSeconds(supervisor.pidOf('aws')),
        delivery: cpuSeconds(supervisor.pidOf('delivery')),
      });
      const [before, began] = [used(), Date.now()];
      await run();
      const seconds = (Date.now() - began) / 1_000;
      const cpu = Object.entries(used()).map(([name, value]) => [name, value - (before[name] ?? 0)] as const);
      return { work, seconds, cpu: Object.fromEntries(cpu) };
    };
    const measured = [
      await measure('looked at, alone', async () => {
        for (const line of lines) if ('reason' in checkLine(line)) throw new Error(line);
      }),
      await measure('put, nobody reads', put),
    ];
    await deliver();
    measured.push(await measure('read and written, nobody puts', () => arrived.reach(count)));
    measured.push(
      await measure('put and delivered at once', async () => {
        await put();
        await arrived.reach(2 * count);
      }),
    );
    progress.end();
    console.log(`\n${figuresTable(measured, count, eventBytes)}`);
  } finally {
    await supervisor.stop();
  }
}

function linesOf(count: number, eventBytes: number): string[] {
  const lines: string[] = [];
  const mishaps = { duplicateSoon: 0, duplicateLater: 0, late: 0, fastClock: 0, faulty: 0 };
  for (const { text } of rawLines({ start: '2025-01-18', tripsPerDay: count, eventBytes, mishaps })) {
    if (lines.length === count) break;
    lines.push(text);
  }
  return lines;
}

/** Counts the lines of raw files, each file once. */
function arrivals(s3: S3Client) {
  const seen = new Map<string, number>();
  const total = (): number => [...seen.values()].reduce((sum, lines) => sum + lines, 0);
  return {
    reach: async (count: number): Promise<void> => {
      while (total() < count) {
        await delay(250);
        const { Contents = [] } = await s3.send(
          new ListObjectsV2Command({ Bucket: buckets.raw, Prefix: `${delivery.folder}/` }),
        );
        for (const { Key = '' } of Contents) {
          if (seen.has(Key)) continue;
          const { Body } = await s3.send(new GetObjectCommand({ Bucket: buckets.raw, Key }));
          seen.set(Key, linesIn(gunzipSync((await Body?.transformToByteArray()) ?? '')));
        }
      }
    },
  };
}

function linesIn(text: Buffer): number {
  let lines = 0;
  for (let at = text.indexOf(lineFeed); at >= 0; at = text.indexOf(lineFeed, at + 1)) lines += 1;
  return lines;
}

function figuresTable(measured: readonly Measured[], count: number, eventBytes: number): string {
  const rows = measured.map(({ work, seconds, cpu }) => {
    const rate = count / seconds;
    const parts = ['producer', 'emulator', 'delivery'].map((name) => (cpu[name] ?? 0).toFixed(1));
    return [work, seconds.toFixed(1), String(Math.round(rate)), ((rate * eventBytes) / 1e6).toFixed(1), ...parts];
  });
  return table(
    ['', 'seconds', 'events a second', 'MB a second', 'CPU-s: producer and count', 'emulator', 'delivery'],
    rows,
  );
}
