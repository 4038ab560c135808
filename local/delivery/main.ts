import { join } from 'node:path';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { delivery } from '../../model/stream.ts';
import { kinesisClient } from '../kinesis-client.ts';
import { CheckpointFile } from './checkpoint.ts';
import { Delivery } from './delivery.ts';
import { StreamFigures } from './figures.ts';
import { readSettings } from './settings.ts';
import { StreamReader } from './stream-reader.ts';

const report = (text: string): void => {
  process.stderr.write(`${new Date().toISOString()} ${text}\n`);
};

const settings = readSettings(process.env);
const s3 = new S3Client({ forcePathStyle: true });
const figures = new StreamFigures(new CloudWatchClient());
const carrier = new Delivery({
  reader: new StreamReader(kinesisClient(), settings.DELIVERY_STREAM),
  checkpoints: new CheckpointFile(join(settings.DELIVERY_STATE_DIR, `${settings.DELIVERY_STREAM}.json`)),
  put: async (Key, Body) => {
    await s3.send(new PutObjectCommand({ Bucket: settings.DELIVERY_BUCKET, Key, Body }));
  },
  figures,
  limits: { bytes: settings.DELIVERY_BUFFER_BYTES, seconds: settings.DELIVERY_BUFFER_SECONDS },
  prefix: settings.DELIVERY_PREFIX,
  name: delivery.name,
  report,
});

const stopped = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.once(signal, () => {
    stopped.abort();
  });

async function tell(): Promise<void> {
  try {
    await figures.publish(Date.now(), carrier);
  } catch (error) {
    report(`figures are lost: ${String(error)}`);
  }
}
const timer =
  settings.AWS_ENDPOINT_URL_CLOUDWATCH === undefined
    ? undefined
    : setInterval(() => void tell(), settings.DELIVERY_FIGURES_EVERY_MS);

process.stdout.write(`${JSON.stringify({ delivering: settings.DELIVERY_STREAM })}\n`);
try {
  await carrier.run(stopped.signal);
} catch (error) {
  report(`stopped with records that are delivered after the next start: ${String(error)}`);
  process.exitCode = 1;
}
clearInterval(timer);
if (timer !== undefined) await tell();
