import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { announceEnvironment, useLocalPlatform } from '../../local/environment.ts';

const platform = {
  AWS_REGION: 'us-east-1',
  AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
  TEMPORAL_ADDRESS: '127.0.0.1:7233',
  TIDELINE_LAKE_BUCKET: 'tideline-lake',
  TIDELINE_LEDGER_TABLE: 'tideline-ledger',
};

let root: string;
let withdraw: () => void;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'tideline-'));
  const folder = join(root, '.tideline', 'local');
  mkdirSync(folder, { recursive: true });
  withdraw = announceEnvironment(folder, platform);
});
afterAll(() => {
  rmSync(root, { recursive: true });
});

function used(environment: NodeJS.ProcessEnv) {
  const told: string[] = [];
  useLocalPlatform(root, environment, (text) => told.push(text));
  return { environment, told: told.join() };
}

describe('a command beside a platform that is up', () => {
  it('takes all of its variables, whatever the shell has set for other work with AWS', () => {
    const { environment, told } = used({
      AWS_REGION: 'eu-west-1',
      AWS_PROFILE: 'work',
      AWS_SESSION_TOKEN: 'of work',
      AWS_ENDPOINT_URL_S3: 'https://s3.work.example',
      HOME: '/home/me',
    });
    expect(environment).toEqual({ ...platform, HOME: '/home/me' });
    expect(told).toBe('Using the platform on this machine.');
  });

  it('takes them too where the shell has been told how to reach it', () => {
    const { environment } = used({ TEMPORAL_ADDRESS: '127.0.0.1:7233' });
    expect(environment).toEqual(platform);
  });

  it.each([
    { TIDELINE_LEDGER_TABLE: 'production' },
    { TEMPORAL_ADDRESS: 'production.tmprl.cloud:7233' },
    { TEMPORAL_PROFILE: 'production' },
  ])('takes none of them to fill up what is set for another place: %o', (set) => {
    const { environment, told } = used({ ...set });
    expect(environment).toEqual(set);
    expect(told).toBe(`Not the platform on this machine, though it is up: ${Object.keys(set).join()} set.`);
  });

  it('takes nothing once the platform is down', () => {
    withdraw();
    expect(used({})).toEqual({ environment: {}, told: '' });
  });
});
