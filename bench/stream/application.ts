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
import { eventStream } from '../../model/stream.ts';

const name = 'trip-sessions';

/** The application of trips on a local Managed Flink that keeps its state in a folder. */
export class FlinkApplication {
  readonly #client: KinesisAnalyticsV2Client;
  readonly #stateDir: string;

  constructor(endpoint: string, stateDir: string) {
    this.#client = new KinesisAnalyticsV2Client({ endpoint });
    this.#stateDir = stateDir;
  }

  /** Makes it, starts it, and waits until it runs. */
  async start(awsEndpoint: string, checkpointIntervalMs: number): Promise<void> {
    const desired: DesiredApplication = {
      ...{ application: name, description: '', parallelism: 1, checkpointIntervalMs },
      code: `s3://${buckets.artifacts}/${name}.jar`,
      roleArn: 'arn:aws:iam::000000000000:role/flink',
      logStreamArn: '',
      properties: {
        'stream.arn': `arn:aws:kinesis:us-east-1:000000000000:stream/${eventStream.name}`,
        output: `s3://${buckets.lake}`,
        'aws.endpoint': awsEndpoint,
      },
    };
    await this.#client.send(
      new CreateApplicationCommand({
        ApplicationName: name,
        RuntimeEnvironment: runtime,
        ServiceExecutionRole: desired.roleArn,
        ApplicationConfiguration: createdConfiguration(desired),
      }),
    );
    await this.#client.send(new StartApplicationCommand({ ApplicationName: name, RunConfiguration: {} }));
    const describe = new DescribeApplicationCommand({ ApplicationName: name });
    while ((await this.#client.send(describe)).ApplicationDetail?.ApplicationStatus !== 'RUNNING') await delay(100);
  }

  /** Of Flink's process; 0 while there is none. */
  pid(role: 'jobmanager' | 'taskmanager'): number {
    try {
      const { pids } = JSON.parse(readFileSync(join(this.#stateDir, 'pids.json'), 'utf8')) as {
        pids: { name: string; pid: number }[];
      };
      return pids.find((each) => each.name === `flink-${name}-${role}`)?.pid ?? 0;
    } catch {
      return 0; // Nothing has been started yet.
    }
  }
}
