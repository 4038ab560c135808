import type { Dimension, MetricDatum, Statistic } from '@aws-sdk/client-cloudwatch';

/** CloudWatch refuses what is older, and alarms look back a day at the most. */
const keptMs = 15 * 86_400_000;

interface Figure {
  readonly at: number;
  readonly value: number;
}

const keyOf = (namespace: string, name: string, dimensions: readonly Dimension[]): string =>
  [namespace, name, ...dimensions.map(({ Name, Value }) => `${Name ?? ''}=${Value ?? ''}`).sort()].join('\n');

/** Figures as they were published: a metric is its namespace, its name and all of its dimensions. */
export class Figures {
  readonly #metrics = new Map<string, Figure[]>();

  put(namespace: string, data: readonly MetricDatum[], now: number): void {
    for (const { MetricName = '', Dimensions = [], Timestamp, Value = 0 } of data) {
      const key = keyOf(namespace, MetricName, Dimensions);
      const figures = this.#metrics.get(key) ?? [];
      const at = Timestamp?.getTime() ?? now;
      const place = figures.findLastIndex((figure) => figure.at <= at) + 1;
      figures.splice(place, 0, { at, value: Value });
      if ((figures[0]?.at ?? now) < now - keptMs) figures.shift();
      this.#metrics.set(key, figures);
    }
  }

  /** Of the figures after `start`, up to `end`; null where there are none. */
  statistics(
    namespace: string,
    name: string,
    dimensions: readonly Dimension[],
    start: number,
    end: number,
  ): Readonly<Record<Statistic, number>> | null {
    const figures = this.#metrics.get(keyOf(namespace, name, dimensions)) ?? [];
    const first = figures.findLastIndex(({ at }) => at <= start) + 1;
    const values = figures.slice(first, figures.findLastIndex(({ at }) => at <= end) + 1).map(({ value }) => value);
    if (values.length === 0) return null;
    const sum = values.reduce((total, value) => total + value, 0);
    return {
      SampleCount: values.length,
      Sum: sum,
      Average: sum / values.length,
      Minimum: Math.min(...values),
      Maximum: Math.max(...values),
    };
  }
}
