import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  CreateApplicationCommand,
  DescribeApplicationCommand,
  KinesisAnalyticsV2Client,
  StartApplicationCommand,
} from '@aws-sdk/client-kinesis-analytics-v2';
import { createdConfiguration, runtime } from '../../activities/flink/configuration.ts';
import { buckets } from '../../local/provision.ts';
import type { DesiredApplication } from '../../model/messages/streams.ts';

/** An application on a local Managed Flink that keeps its state in a folder. Its jar lies in the bucket of artifacts. */
export class FlinkApplication {
  readonly #name: string;
  readonly #client: KinesisAnalyticsV2Client;
  readonly #stateDir: string;

  constructor(name: string, endpoint: string, stateDir: string) {
    this.#name = name;
    this.#client = new KinesisAnalyticsV2Client({ endpoint });
    this.#stateDir = stateDir;
  }

  /** Makes it, starts it, and waits until it runs. */
  async start(properties: Readonly<Record<string, string>>, checkpointIntervalMs: number): Promise<void> {
    const desired: DesiredApplication = {
      ...{ application: this.#name, description: '', parallelism: 1, checkpointIntervalMs },
      code: `s3://${buckets.artifacts}/${this.#name}.jar`,
      roleArn: 'arn:aws:iam::000000000000:role/flink',
      logStreamArn: '',
      properties,
    };
    await this.#client.send(
      new CreateApplicationCommand({
        ApplicationName: this.#name,
        RuntimeEnvironment: runtime,
        ServiceExecutionRole: desired.roleArn,
        ApplicationConfiguration: createdConfiguration(desired),
      }),
    );
    await this.#client.send(new StartApplicationCommand({ ApplicationName: this.#name, RunConfiguration: {} }));
    const describe = new DescribeApplicationCommand({ ApplicationName: this.#name });
    while ((await this.#client.send(describe)).ApplicationDetail?.ApplicationStatus !== 'RUNNING') await delay(100);
  }

  /** Of Flink's process; 0 while there is none. */
  pid(role: 'jobmanager' | 'taskmanager'): number {
    try {
      const { pids } = JSON.parse(readFileSync(join(this.#stateDir, 'pids.json'), 'utf8')) as {
        pids: { name: string; pid: number }[];
      };
      return pids.find((each) => each.name === `flink-${this.#name}-${role}`)?.pid ?? 0;
    } catch {
      return 0; // Nothing has been started yet.
    }
  }
}
