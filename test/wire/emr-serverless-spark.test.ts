import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { CancelJobRunCommand, CreateApplicationCommand, StartJobRunCommand } from '@aws-sdk/client-emr-serverless';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tools } from '../tools.ts';
import { logKey, roleArn, startService, waitForRun, type Service } from './emr-serverless-service.ts';
import { LocalS3 } from './local-s3.ts';

/** Tells what it sees: settings, arguments, its package, what an earlier job left, what Delta Lake has. */
const JOB = `
import json, os, sys, time
from greeting import hello
from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
mode, table, report = sys.argv[1:4]
if mode == "python":
    from delta.tables import DeltaTable
earlier = spark.sparkContext._jvm.java.lang.System.getProperty("test.left.by.job")
spark.conf.set("spark.test.session", "set")
spark.range(10).write.format("delta").mode("append").save(table)
seen = {
    "rows": spark.read.format("delta").load(table).count(),
    "setting": spark.conf.get("spark.test.setting", "none"),
    "own": spark.conf.get("spark.test.own", "none"),
    "timezone": spark.conf.get("spark.sql.session.timeZone"),
    "hello": hello(),
    "argument": sys.argv[4],
    "left": hasattr(json, "left_by_job"),
    "pid": os.getpid(),
    "jvm": spark.sparkContext._jvm.java.lang.ProcessHandle.current().pid(),
}
json.left_by_job = True
rows = spark.createDataFrame([(json.dumps(seen),)], "value string").coalesce(1)
rows.write.mode("overwrite").text(report)
print("standard output of", mode)
if mode == "sleep":
    time.sleep(600)
if mode == "fail":
    raise ValueError("the city of Atlantis is unknown")
`;

const DELTA =
  '--conf spark.sql.extensions=io.delta.sql.DeltaSparkSessionExtension ' +
  '--conf spark.sql.catalog.spark_catalog=org.apache.spark.sql.delta.catalog.DeltaCatalog ' +
  '--conf spark.jars=/usr/share/aws/delta/lib/delta-spark.jar,/usr/share/aws/delta/lib/delta-storage.jar';

interface Seen {
  readonly rows: number;
  readonly setting: string;
  readonly own: string;
  readonly timezone: string;
  readonly hello: string;
  readonly argument: string;
  readonly left: boolean;
  readonly pid: number;
  readonly jvm: number;
}

let s3: LocalS3;
let service: Service;
let stateDir: string;
let applicationId: string;

const zipOf = (name: string, source: string): Uint8Array => {
  const script =
    'import io,sys,zipfile; b=io.BytesIO(); z=zipfile.ZipFile(b,"w"); z.writestr(sys.argv[1],sys.argv[2]); z.close(); sys.stdout.buffer.write(b.getvalue())';
  return execFileSync(tools.python, ['-c', script, name, source]);
};

beforeAll(async () => {
  s3 = await LocalS3.start();
  await s3.createBucket('artifacts');
  await s3.createBucket('lake');
  await s3.put('artifacts', 'jobs/main.py', JOB);
  await s3.put('artifacts', 'jobs/package.zip', zipOf('greeting.py', 'def hello(): return "hello"'));
  stateDir = await mkdtemp(join(tmpdir(), 'emr-serverless-'));
  service = await startService({ EMR_SERVERLESS_STATE_DIR: stateDir, AWS_ENDPOINT_URL: s3.url });
  const created = await service.client.send(
    new CreateApplicationCommand({
      type: 'SPARK',
      releaseLabel: 'emr-spark-8.0.0',
      initialCapacity: { DRIVER: { workerCount: 1, workerConfiguration: { cpu: '2 vCPU', memory: '2 GB' } } },
      schedulerConfiguration: { maxConcurrentRuns: 1 },
    }),
  );
  applicationId = created.applicationId!;
});

afterAll(async () => {
  await service.stop();
  await s3.stop();
  await rm(stateDir, { recursive: true });
});

const startRun = async (mode: string, parameters = ''): Promise<string> => {
  const { jobRunId } = await service.client.send(
    new StartJobRunCommand({
      applicationId,
      executionRoleArn: roleArn,
      name: `run ${mode}`,
      jobDriver: {
        sparkSubmit: {
          entryPoint: 's3://artifacts/jobs/main.py',
          entryPointArguments: [mode, 's3://lake/table', `s3://lake/report-${mode}`, 'it\'s an "argument"'],
          sparkSubmitParameters: `--py-files s3://artifacts/jobs/package.zip ${DELTA} ${parameters}`,
        },
      },
      configurationOverrides: {
        monitoringConfiguration: { s3MonitoringConfiguration: { logUri: 's3://artifacts/logs/' } },
      },
    }),
  );
  return jobRunId!;
};

/** What the job itself has written to S3. */
const seenBy = async (mode: string): Promise<Seen> => {
  const keys = await s3.keys('lake', `report-${mode}/part-`);
  return JSON.parse(Buffer.from(await s3.get('lake', keys.at(-1)!)).toString()) as Seen;
};

const logOf = async (jobRunId: string, name: 'stdout' | 'stderr'): Promise<string> =>
  gunzipSync(await s3.get('artifacts', logKey(applicationId, jobRunId, name))).toString();

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('a real Spark job', () => {
  it('runs from S3 with its package, settings and arguments, and its logs go to S3', async () => {
    const jobRunId = await startRun('first', '--conf "spark.test.setting=two words" --conf spark.test.own=first');
    const run = await waitForRun(service.client, applicationId, jobRunId);
    expect(run.stateDetails).toBe('Job completed successfully');
    expect(await seenBy('first')).toMatchObject({
      rows: 10,
      setting: 'two words',
      own: 'first',
      timezone: 'UTC',
      hello: 'hello',
      argument: 'it\'s an "argument"',
      left: false,
    });
    expect(await logOf(jobRunId, 'stdout')).toContain('standard output of first');
    expect(run.totalResourceUtilization?.vCPUHour).toBeGreaterThan(0);
    expect(run.billedResourceUtilization?.vCPUHour).toBeGreaterThanOrEqual((2 * 60) / 3600);
  });

  it('shares the warm JVM with the run before it and nothing else', async () => {
    const { jvm, pid } = await seenBy('first');
    await waitForRun(service.client, applicationId, await startRun('second', '--conf spark.test.setting=other'));
    const second = await seenBy('second');
    expect(second).toMatchObject({ rows: 20, setting: 'other', own: 'none', left: false, jvm });
    expect(second.pid).not.toBe(pid);
  });

  it('gets a driver of its own when it asks for another size', async () => {
    const jobRunId = await startRun('large', '--conf spark.driver.memory=3g');
    expect(await waitForRun(service.client, applicationId, jobRunId)).toMatchObject({ state: 'SUCCESS' });
    const large = await seenBy('large');
    expect(large).toMatchObject({ rows: 30, hello: 'hello', timezone: 'UTC' });
    expect(large.jvm).not.toBe((await seenBy('first')).jvm);
  });

  it('fails with the last line of its exception, in a warm driver and in one of its own', async () => {
    for (const parameters of ['', '--conf spark.driver.memory=3g']) {
      const jobRunId = await startRun('fail', parameters);
      const run = await waitForRun(service.client, applicationId, jobRunId);
      expect(run.state).toBe('FAILED');
      expect(run.stateDetails).toBe('Job failed, exit code 1: ValueError: the city of Atlantis is unknown');
      expect(await logOf(jobRunId, parameters === '' ? 'stderr' : 'stdout')).toContain('Traceback');
    }
  });

  it('has Delta Lake only where it names the jars of the release', async () => {
    const jobRunId = await startRun('jars', '--conf spark.jars=');
    expect(await waitForRun(service.client, applicationId, jobRunId)).toMatchObject({ state: 'FAILED' });
    expect(await logOf(jobRunId, 'stdout')).toContain('[DATA_SOURCE_NOT_FOUND] Failed to find the data source: delta');
  });

  it('has Delta Lake’s Python package only where it names that, in a warm driver and in one of its own', async () => {
    for (const parameters of ['', '--conf spark.driver.memory=3g']) {
      const run = await waitForRun(service.client, applicationId, await startRun('python', parameters));
      expect(run).toMatchObject({
        state: 'FAILED',
        stateDetails: expect.stringContaining("ModuleNotFoundError: No module named 'delta'") as string,
      });
    }
  });

  it('imports Delta Lake’s Python package from the jar that it names', async () => {
    const packages = '--py-files s3://artifacts/jobs/package.zip,/usr/share/aws/delta/lib/delta-spark.jar';
    for (const parameters of [packages, `${packages} --conf spark.driver.memory=3g`]) {
      const run = await waitForRun(service.client, applicationId, await startRun('python', parameters));
      expect(run.stateDetails).toBe('Job completed successfully');
    }
  });

  it('leaves no process when it is cancelled, and the next in the queue follows at once', async () => {
    const sleeping = await startRun('sleep');
    await waitForRun(service.client, applicationId, sleeping, ['RUNNING']);
    const queued = await startRun('queued');
    await waitForRun(service.client, applicationId, queued, ['QUEUED']);
    await expect.poll(() => s3.keys('lake', 'report-sleep/_SUCCESS'), { timeout: 60_000 }).toHaveLength(1);
    const { pid, jvm } = await seenBy('sleep');
    expect([pid, jvm].map(isAlive)).toEqual([true, true]);
    await service.client.send(new CancelJobRunCommand({ applicationId, jobRunId: sleeping }));
    expect(await waitForRun(service.client, applicationId, sleeping)).toMatchObject({ state: 'CANCELLED' });
    expect([pid, jvm].map(isAlive)).toEqual([false, false]);
    expect(await waitForRun(service.client, applicationId, queued)).toMatchObject({ state: 'SUCCESS' });
  });

  it('that is not in S3 fails and says so', async () => {
    const { jobRunId } = await service.client.send(
      new StartJobRunCommand({
        applicationId,
        executionRoleArn: roleArn,
        jobDriver: { sparkSubmit: { entryPoint: 's3://artifacts/none.py' } },
      }),
    );
    const run = await waitForRun(service.client, applicationId, jobRunId!);
    expect(run.state).toBe('FAILED');
    expect(run.stateDetails).toContain('s3://artifacts/none.py could not be read');
  });

  it('meets no defect of the server', () => {
    expect(service.defects).toEqual([]);
  });
});
