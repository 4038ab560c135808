import {
  CloudWatchClient,
  DescribeAlarmsCommand,
  type MetricAlarm,
  PutMetricAlarmCommand,
} from '@aws-sdk/client-cloudwatch';
import { SQSClient } from '@aws-sdk/client-sqs';
import { expect } from 'vitest';
import { type Alert, receiveAlerts } from '../../local/alerts.ts';
import { type Alarm, alarms } from '../../model/alarms.ts';

const timeout = 150_000;

type Changes = Pick<MetricAlarm, 'Threshold' | 'EvaluationPeriods'>;
/** So that they ring after one look, and for little. */
const sooner: Partial<Record<Alarm['name'], Changes>> = {
  'P0-KinesisIngestionStopped': { EvaluationPeriods: 1 },
  'P0-WorkersGone': { EvaluationPeriods: 1 },
  // As much as one event.
  'P1-KinesisNearItsLimit': { EvaluationPeriods: 1, Threshold: 1 },
  'P1-StreamDown': { EvaluationPeriods: 1 },
  'P1-StreamLagging': { EvaluationPeriods: 1 },
  'P1-WatchSilent': { EvaluationPeriods: 1 },
  'P2-CostAboveBudget': { Threshold: 0.000001 },
};
/** Figures are sent every 5 s and looked at as often. */
const looksAtSeconds = 20;

/** What rings on a platform: all that was told since it was made. */
export class Bell {
  readonly #told: Alert[] = [];
  readonly #cloudWatch = new CloudWatchClient();
  readonly #stopped = new AbortController();
  readonly #listening: Promise<void>;

  constructor(queueUrl: string) {
    this.#listening = this.#listen(queueUrl);
  }

  async #listen(queueUrl: string): Promise<void> {
    const sqs = new SQSClient();
    while (!this.#stopped.signal.aborted)
      this.#told.push(
        ...(await receiveAlerts(sqs, queueUrl, 5, this.#stopped.signal).catch((error: unknown) => {
          if (this.#stopped.signal.aborted) return [];
          throw error;
        })),
      );
  }

  /** Nobody waits for hours here: has all alarms that ring themselves do so at once. */
  async hastenAll(): Promise<void> {
    for (const { name, toldByWatch } of alarms)
      if (!toldByWatch) await this.watchOver(name, looksAtSeconds, sooner[name]);
  }

  /** Has an alarm look at so many seconds. */
  async watchOver(name: Alarm['name'], seconds: number, changes: Changes = {}): Promise<void> {
    const { MetricAlarms = [] } = await this.#cloudWatch.send(new DescribeAlarmsCommand({ AlarmNames: [name] }));
    const [{ StateValue: _, StateReason: __, StateUpdatedTimestamp: ___, ...alarm } = {}] = MetricAlarms;
    const { MetricName, ComparisonOperator, EvaluationPeriods } = alarm;
    const input = { ...alarm, AlarmName: name, MetricName, ComparisonOperator, EvaluationPeriods, Period: seconds };
    await this.#cloudWatch.send(new PutMetricAlarmCommand({ ...input, ...changes }));
  }

  /** The newest word of an alarm, or of a finding whose message begins so; waits until it is this one, doing something. */
  async expect(name: string, state: 'ALARM' | 'OK', meanwhile?: () => Promise<void>): Promise<Alert> {
    const newest = () => this.#told.findLast(({ AlarmName }) => AlarmName.startsWith(name));
    const looking = async () => {
      await meanwhile?.();
      return newest()?.NewStateValue;
    };
    await expect.poll(looking, { timeout, interval: 200, message: name }).toBe(state);
    return newest()!;
  }

  /** An alarm whose end nobody is told. */
  async expectQuiet(name: Alarm['name']): Promise<void> {
    const asked = new DescribeAlarmsCommand({ AlarmNames: [name] });
    const state = async () => (await this.#cloudWatch.send(asked)).MetricAlarms?.[0]?.StateValue;
    await expect.poll(state, { timeout, interval: 500, message: name }).toBe('OK');
  }

  /** Alarms of which nobody was told. */
  get untold(): string[] {
    const told = new Set(this.#told.map(({ AlarmName }) => AlarmName.split(':')[0]));
    return alarms.map(({ name }) => name).filter((name) => !told.has(name));
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#listening;
  }
}
