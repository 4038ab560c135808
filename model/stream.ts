/** A metric of CloudWatch, which is its namespace, its name and all of its dimensions. */
export interface ServiceMetric {
  readonly namespace: string;
  readonly metric: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

const mebibyte = 1_048_576;

/** The stream into which apps send their events. */
export const eventStream = {
  name: 'ride-hailing-events',
  retentionHours: 24,
  /**
   * What an on-demand stream takes in every region without a word to AWS; in three it takes 10 GB/s:
   * https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html
   */
  bytesPerSecond: 200 * mebibyte,
} as const;

/** What carries the stream's records into raw files. */
export const delivery = {
  name: 'ride-hailing-events-to-raw',
  /** Where the contract of bronze.events has its raw files. */
  folder: 'raw/events',
  bufferSeconds: 900,
  bufferMebibytes: 128,
  /** What could not be delivered, and what a producer has refused. */
  errorsFolder: 'raw/errors/events',
} as const;

/** https://docs.aws.amazon.com/streams/latest/dev/monitoring-with-cloudwatch.html */
export const streamMetric = (metric: string): ServiceMetric => ({
  namespace: 'AWS/Kinesis',
  metric,
  dimensions: { StreamName: eventStream.name },
});

/** https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-metrics.html */
export const deliveryMetric = (metric: string): ServiceMetric => ({
  namespace: 'AWS/Firehose',
  metric,
  dimensions: { DeliveryStreamName: delivery.name },
});
