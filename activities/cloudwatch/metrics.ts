import { type CloudWatchClient, type MetricDatum, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import type { MetricCounter, MetricGauge, MetricMeter } from '@temporalio/common';
import { type Measurement, metrics, namespaces } from '../../model/metrics.ts';

/** A PutMetricData takes 1,000 figures and 1 MB: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html */
const mostInACall = 500;
/** An account may call 500 times a second; nobody needs a figure sooner. */
const everyMs = 5_000;
/** What CloudWatch has not taken is kept for so long as it is no more than this. */
const mostKept = 10_000;

interface Waiting {
  readonly namespace: (typeof namespaces)[number];
  readonly datum: MetricDatum;
}

/** What CloudWatch will never take, however often it is asked. */
const isRefused = (error: unknown): boolean => error instanceof Error && /^(Invalid|Missing)Parameter/.test(error.name);

/**
 * Publishes figures to CloudWatch, some seconds after they were put, and sets them at this process's Prometheus endpoint. Each
 * stands there twice: for itself, as alarms and dashboards ask for it, and with its product. Never fails: who is measured
 * must not suffer from it.
 */
export class Metrics {
  readonly #client: CloudWatchClient;
  readonly #meter: MetricMeter;
  readonly #warn: (text: string) => void;
  readonly #gauges = new Map<string, MetricGauge>();
  readonly #sent: MetricCounter;
  readonly #lost: MetricCounter;
  readonly #timer: NodeJS.Timeout;
  #waiting: Waiting[] = [];
  #sending: Promise<void> = Promise.resolve();

  constructor(client: CloudWatchClient, meter: MetricMeter, warn: (text: string) => void) {
    this.#client = client;
    this.#meter = meter;
    this.#warn = warn;
    this.#sent = meter.createCounter('tideline_figures_sent', '', 'figures that CloudWatch has taken');
    this.#lost = meter.createCounter(
      'tideline_figures_lost',
      '',
      'figures that CloudWatch has refused, or not taken in time',
    );
    this.#timer = setInterval(() => void this.flush(), everyMs).unref();
  }

  put(measurements: readonly Measurement[]): void {
    const Timestamp = new Date();
    for (const { name, value, product } of measurements) {
      const { namespace, unit: Unit } = metrics[name];
      const datum = { MetricName: name, Value: value, Unit, Timestamp };
      const dimensions = product === undefined ? [[]] : [[], [{ Name: 'Product', Value: product }]];
      for (const Dimensions of dimensions) this.#waiting.push({ namespace, datum: { ...datum, Dimensions } });
      this.#show(name, value, product === undefined ? {} : { product });
    }
  }

  /** Sends what waits; a call after another's, so that no figure is sent twice. */
  flush(): Promise<void> {
    this.#sending = this.#sending.then(() => this.#send());
    return this.#sending;
  }

  /** Sends the last figures and stops. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.flush();
  }

  async #send(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    const unsent: Waiting[] = [];
    let problem: unknown;
    for (const namespace of namespaces) {
      const all = waiting.filter((each) => each.namespace === namespace);
      for (let from = 0; from < all.length; from += mostInACall) {
        const some = all.slice(from, from + mostInACall);
        const MetricData = some.map(({ datum }) => datum);
        try {
          await this.#client.send(new PutMetricDataCommand({ Namespace: namespace, MetricData }));
          this.#sent.add(some.length);
        } catch (error) {
          problem = error;
          if (isRefused(error)) {
            this.#lost.add(some.length);
            this.#warn(`CloudWatch refuses ${some.length} figures, which are lost: ${String(error)}`);
          } else unsent.push(...some);
        }
      }
    }
    if (unsent.length > 0) this.#keep(unsent, problem);
  }

  #keep(unsent: readonly Waiting[], problem: unknown): void {
    const kept = [...unsent, ...this.#waiting].slice(-mostKept);
    const lost = unsent.length + this.#waiting.length - kept.length;
    this.#waiting = kept;
    this.#lost.add(lost);
    const told = lost > 0 ? `${lost} of the oldest are lost, ${kept.length}` : `${kept.length}`;
    this.#warn(
      `CloudWatch has not taken ${unsent.length} figures (${String(problem)}): ${told} are kept for the next try.`,
    );
  }

  #show(name: keyof typeof metrics, value: number, tags: Readonly<Record<string, string>>): void {
    try {
      const gauge =
        this.#gauges.get(name) ?? this.#meter.createGauge(`tideline_${name}`, 'float', '', metrics[name].about);
      this.#gauges.set(name, gauge);
      gauge.set(value, tags);
    } catch (error) {
      this.#warn(`${name} is not at the Prometheus endpoint: ${String(error)}`);
    }
  }
}
