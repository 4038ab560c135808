import { join } from 'node:path';
import { portAnswers } from './ports.ts';
import type { ProcessSpec } from './supervisor.ts';

/** Variables with which the AWS SDKs find an endpoint of this machine. */
export const awsVariables = (endpoint: string) => ({
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'local',
  AWS_SECRET_ACCESS_KEY: 'local',
  AWS_ENDPOINT_URL: endpoint,
  // Answers of the emulator carry no checksums to validate.
  AWS_RESPONSE_CHECKSUM_VALIDATION: 'WHEN_REQUIRED',
  AWS_REQUEST_CHECKSUM_CALCULATION: 'WHEN_REQUIRED',
});

/** S3, DynamoDB and what else the emulator has, with its state in `data`. */
export const awsEmulator = (
  root: string,
  port: number,
  data: string,
  env: Readonly<Record<string, string>>,
): ProcessSpec => ({
  name: 'aws',
  command: join(root, '.tideline', 'tools', 'venv', 'bin', 'ministack'),
  args: [],
  env: {
    ...env,
    BIND_HOST: '127.0.0.1',
    GATEWAY_PORT: String(port),
    PERSIST_STATE: '1',
    S3_PERSIST: '1',
    STATE_DIR: join(data, 'aws-state'),
    S3_DATA_DIR: join(data, 's3'),
    LOG_LEVEL: 'WARNING',
  },
  isReady: () => portAnswers(port),
  readyTimeoutMs: 60_000,
});
