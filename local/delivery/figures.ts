import { type CloudWatchClient, type MetricDatum, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { deliveryMetric, type ServiceMetric, streamMetric } from '../../model/stream.ts';
import type { Read } from './stream-reader.ts';

const MINUTE_MS = 60_000;
/** Of one call of CloudWatch. */
const MAX_DATA = 1_000;

interface Minute {
  records: number;
  bytes: number;
  newestMs: number;
}

/** What a delivery has to say of itself when it is asked. */
export interface Standing {
  /** How old the oldest record is that waits to be delivered. */
  readonly freshnessSeconds: number;
}

/**
 * Tells CloudWatch what Kinesis and Firehose would. Who reads all of a stream knows what came in and when: what came while
 * nobody read is told later, for the minute in which it came. What CloudWatch does not take is lost: no record depends on it.
 */
export class StreamFigures {
  readonly #cloudWatch: Pick<CloudWatchClient, 'send'>;
  readonly #incoming = new Map<number, Minute>();
  #read = { records: 0, bytes: 0, millisBehind: 0, calls: 0 };
  #written: { readonly records: number; readonly bytes: number; readonly success: boolean }[] = [];

  constructor(cloudWatch: Pick<CloudWatchClient, 'send'>) {
    this.#cloudWatch = cloudWatch;
  }

  read({ records, millisBehindLatest }: Read): void {
    for (const { arrivedAtMs, data } of records) {
      const key = Math.floor(arrivedAtMs / MINUTE_MS);
      const minute = this.#incoming.get(key) ?? { records: 0, bytes: 0, newestMs: 0 };
      minute.records += 1;
      minute.bytes += data.length;
      minute.newestMs = Math.max(minute.newestMs, arrivedAtMs);
      this.#incoming.set(key, minute);
      this.#read.bytes += data.length;
    }
    this.#read.records += records.length;
    this.#read.calls += 1;
    this.#read.millisBehind = Math.max(this.#read.millisBehind, millisBehindLatest);
  }

  wrote(records: number, bytes: number, success: boolean): void {
    this.#written.push({ records, bytes, success });
  }

  /** Tells what has happened since it was called last. */
  async publish(now: number, { freshnessSeconds }: Standing): Promise<void> {
    const at = (metric: ServiceMetric, unit: MetricDatum['Unit'], value: number, time = now) => ({
      namespace: metric.namespace,
      datum: {
        MetricName: metric.metric,
        Dimensions: Object.entries(metric.dimensions).map(([Name, Value]) => ({ Name, Value })),
        Unit: unit,
        Timestamp: new Date(time),
        Value: value,
      },
    });
    const told = [
      ...[...this.#incoming.values()].flatMap(({ records, bytes, newestMs }) => [
        at(streamMetric('IncomingRecords'), 'Count', records, newestMs),
        at(streamMetric('IncomingBytes'), 'Bytes', bytes, newestMs),
        // The emulator refuses no record.
        at(streamMetric('WriteProvisionedThroughputExceeded'), 'Count', 0, newestMs),
      ]),
      ...(this.#read.calls === 0
        ? []
        : [
            at(streamMetric('GetRecords.IteratorAgeMilliseconds'), 'Milliseconds', this.#read.millisBehind),
            at(deliveryMetric('KinesisMillisBehindLatest'), 'Milliseconds', this.#read.millisBehind),
            at(deliveryMetric('DataReadFromKinesisStream.Records'), 'Count', this.#read.records),
            at(deliveryMetric('DataReadFromKinesisStream.Bytes'), 'Bytes', this.#read.bytes),
          ]),
      ...this.#written.flatMap(({ records, bytes, success }) => [
        at(deliveryMetric('DeliveryToS3.Success'), 'Count', success ? 1 : 0),
        ...(success
          ? [
              at(deliveryMetric('DeliveryToS3.Records'), 'Count', records),
              at(deliveryMetric('DeliveryToS3.Bytes'), 'Bytes', bytes),
            ]
          : []),
      ]),
      at(deliveryMetric('DeliveryToS3.DataFreshness'), 'Seconds', freshnessSeconds),
    ];
    this.#incoming.clear();
    this.#read = { records: 0, bytes: 0, millisBehind: 0, calls: 0 };
    this.#written = [];
    for (const [Namespace, group] of Map.groupBy(told, ({ namespace }) => namespace))
      for (let from = 0; from < group.length; from += MAX_DATA)
        await this.#cloudWatch.send(
          new PutMetricDataCommand({
            Namespace,
            MetricData: group.slice(from, from + MAX_DATA).map(({ datum }) => datum),
          }),
        );
  }
}
