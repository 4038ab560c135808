import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateApplicationCommand, StartJobRunCommand } from '@aws-sdk/client-emr-serverless';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planBuild } from '../../activities/catalogue/plan.ts';
import { publishJobs } from '../../deployment/spark-jobs.ts';
import { loadCatalogue } from '../../model/catalogue.ts';
import { Interceptor } from '../crash/interceptor.ts';
import { readDelta } from '../e2e/delta-table.ts';
import { jobConfig } from '../unit/job-config.ts';
import { roleArn, startService, waitForRun, type Service } from './emr-serverless-service.ts';
import { LocalS3 } from './local-s3.ts';

const COMMITS = 100;
const COMMIT_FILE = /^PUT \/lake\/shared\/_delta_log\/\d{20}\.json$/;

/** Commits one row after another; started again, it goes on after the last commit that it was told of. */
const WRITER = `
import sys
from pathlib import Path
from pyspark.sql import SparkSession

writer, table, told, commits = sys.argv[1], sys.argv[2], Path(sys.argv[3]), int(sys.argv[4])
spark = SparkSession.builder.getOrCreate()
begun = told.read_text().count("committed") if told.exists() else 0
with told.open("a") as file:
    print("jvm", spark._jvm.java.lang.ProcessHandle.current().pid(), file=file, flush=True)
    for number in range(begun, commits):
        rows = spark.range(number, number + 1, 1, 1).selectExpr(f"'{writer}' AS writer", "id AS number")
        commit = rows.write.format("delta").mode("append").option("userMetadata", f"{writer} {number}")
        commit.option("txnAppId", writer).option("txnVersion", number).save(table)
        print("committed", number, file=file, flush=True)
`;

/** Writes one file of a log twice with the same content, then once more in its place. */
const TWICE = `
import sys
from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
jvm, conf = spark._jvm, spark._jsc.hadoopConfiguration()
store, path = jvm.tideline.ConditionalPutLogStore(conf), jvm.org.apache.hadoop.fs.Path(sys.argv[1])
write = lambda line, overwrite: store.write(path, jvm.java.util.List.of(line).iterator(), overwrite, conf)
write("first", False)
try:
    write("first", False)
    raise AssertionError("the second write was not refused")
except Py4JJavaError as failure:
    assert "java.nio.file.FileAlreadyExistsException" in str(failure.java_exception), failure
assert list(store.read(path, conf)) == ["first"]
write("second", True)
assert list(store.read(path, conf)) == ["second"]
`;

/** Lists a log: its oldest file, all of it, its end; and one that is not there. */
const LISTS = `
import sys
from itertools import islice
from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
jvm, conf = spark._jvm, spark._jsc.hadoopConfiguration()
store, versions = jvm.tideline.ConditionalPutLogStore(conf), int(sys.argv[2])
listed = lambda log, first: store.listFrom(jvm.org.apache.hadoop.fs.Path(f"{log}/{first:020d}."), conf)
names = lambda first: [file.getPath().getName() for file in listed(sys.argv[1], first)]
oldest = listed(sys.argv[1], 0).next()
assert oldest.getPath().toString() == f"{sys.argv[1]}/{0:020d}.json", oldest
assert oldest.getLen() == 2 and oldest.getModificationTime() > 0, oldest
assert names(0) == [f"{version:020d}.json" for version in range(versions)], names(0)
assert names(versions - 2) == [f"{version:020d}.json" for version in range(versions - 2, versions)]
assert names(versions) == []
try:
    listed("s3://tideline-artifacts/none/_delta_log", 0)
    raise AssertionError("a log was found where none is")
except Py4JJavaError as failure:
    assert "java.io.FileNotFoundException" in str(failure.java_exception), failure
`;

/** Takes the turn to commit, and gives it back; then looks for it while it changes hands all the time. */
const TURN = `
import sys
import time
from threading import Event, Thread
from pyspark.sql import SparkSession
from tideline_jobs.tables import turn as turns
from tideline_jobs.tables.storage import Storage

storage, uri = Storage(SparkSession.builder.getOrCreate()), sys.argv[1]
turns._PAUSE_SECONDS, turns.LEAST_SECONDS = 0.01, 10
turn = lambda: turns.CommitTurn(storage, uri, time.monotonic())
with turn() as taken:
    taken.wait()
    assert storage.text(uri) is None
    taken.take()
    assert storage.text(uri)
assert storage.text(uri) is None

names, over = iter(range(1_000_000)), Event()
def change_hands():
    while not over.is_set():
        storage.write_text(uri, f"build {next(names)}")
hands = Thread(target=change_hands)
hands.start()
turn().wait()
over.set()
hands.join()
assert storage.text(uri) == f"build {next(names) - 1}"
`;

let s3: LocalS3;
let interceptor: Interceptor;
let service: Service;
let folder: string;
let applicationId: string;
let submitParameters: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'log-store-'));
  s3 = await LocalS3.start();
  await Promise.all(['tideline-artifacts', 'lake'].map((bucket) => s3.createBucket(bucket)));
  const scripts = { 'writer.py': WRITER, 'twice.py': TWICE, 'lists.py': LISTS, 'turn.py': TURN };
  await Promise.all(Object.entries(scripts).map(([name, script]) => s3.put('tideline-artifacts', name, script)));
  const version = await publishJobs(s3.client, 'tideline-artifacts');
  const config = { ...jobConfig, jobsUri: `s3://tideline-artifacts/spark-jobs/${version}` };
  const input = { product: 'silver.trips', start: '2025-01-18', end: '2025-01-19', generation: 1 };
  submitParameters = planBuild(loadCatalogue(), config, input).job.submitParameters;
  interceptor = new Interceptor(s3.url);
  service = await startService({
    EMR_SERVERLESS_STATE_DIR: folder,
    EMR_SERVERLESS_DRIVER_MEMORY: '1g',
    AWS_ENDPOINT_URL: await interceptor.listen(),
  });
  const created = await service.client.send(
    new CreateApplicationCommand({
      type: 'SPARK',
      releaseLabel: 'emr-spark-8.0.0',
      schedulerConfiguration: { maxConcurrentRuns: 2 },
    }),
  );
  applicationId = created.applicationId!;
});

afterAll(async () => {
  await service.stop();
  interceptor.close();
  await s3.stop();
  rmSync(folder, { recursive: true });
});

async function startRun(script: string, ...entryPointArguments: string[]): Promise<string> {
  const { jobRunId } = await service.client.send(
    new StartJobRunCommand({
      applicationId,
      executionRoleArn: roleArn,
      retryPolicy: { maxAttempts: 4 },
      jobDriver: {
        sparkSubmit: {
          entryPoint: `s3://tideline-artifacts/${script}`,
          entryPointArguments,
          // As the jobs have it, so that nothing is left to whoever starts them.
          sparkSubmitParameters: submitParameters,
        },
      },
    }),
  );
  return jobRunId!;
}

const told = (writer: string): string => {
  try {
    return readFileSync(join(folder, writer), 'utf8');
  } catch {
    return '';
  }
};

const committed = (writer: string): number => told(writer).split('committed').length - 1;

async function killAfter(writer: string, commits: number): Promise<void> {
  await expect.poll(() => committed(writer), { timeout: 600_000 }).toBeGreaterThanOrEqual(commits);
  process.kill(Number(/.*jvm (\d+)/s.exec(told(writer))?.[1]), 'SIGKILL');
}

async function userMetadata(): Promise<string[]> {
  const keys = (await s3.keys('lake', 'shared/_delta_log/')).filter((key) => key.endsWith('.json'));
  const logs = await Promise.all(keys.map((key) => s3.get('lake', key)));
  return logs.flatMap((log) => /"userMetadata":"(.+?)"/.exec(Buffer.from(log).toString())?.[1] ?? []);
}

describe('the log store of the jobs', () => {
  it('refuses a second write of a file, also one of equal content, unless it is to replace it', async () => {
    const jobRunId = await startRun('twice.py', 's3://lake/twice/_delta_log/00000000000000000000.json');
    expect(await waitForRun(service.client, applicationId, jobRunId)).toMatchObject({
      stateDetails: 'Job completed successfully',
    });
  });

  it('lists a log from a version on, a page at a time: its oldest version takes one request, however long it is', async () => {
    const versions = Array.from({ length: 2100 }, (_, version) => String(version).padStart(20, '0'));
    await Promise.all(versions.map((version) => s3.put('lake', `long/_delta_log/${version}.json`, '{}')));
    const lists = { seen: 0 };
    interceptor.observe(({ operation }) => {
      if (/^GET \/lake\/?$/.test(operation)) lists.seen += 1;
    });
    const jobRunId = await startRun('lists.py', 's3://lake/long/_delta_log', String(versions.length));
    expect(await waitForRun(service.client, applicationId, jobRunId)).toMatchObject({
      stateDetails: 'Job completed successfully',
    });
    // One for the oldest, three for all, one for the end, and one that finds nothing, where the folder is asked for too.
    expect(lists.seen).toBeLessThanOrEqual(7);
  });

  it('knows whose turn it is to commit where nobody has it, and where a driver has', async () => {
    const jobRunId = await startRun('turn.py', 's3://lake/_staging/bronze.events/commit-turn');
    expect(await waitForRun(service.client, applicationId, jobRunId)).toMatchObject({
      stateDetails: 'Job completed successfully',
    });
  });

  it('lets two drivers commit to one table, through kills and lost answers: nothing is lost, nothing is doubled', async () => {
    const start = (writer: string): Promise<string> =>
      startRun('writer.py', writer, 's3://lake/shared', join(folder, writer), String(COMMITS));
    const first = await start('a');
    await expect.poll(() => committed('a'), { timeout: 600_000 }).toBeGreaterThan(0);
    const second = await start('b');
    const everySeventh = { seen: 0 };
    interceptor.on(
      ({ operation }) => COMMIT_FILE.test(operation) && (everySeventh.seen += 1) % 7 === 0,
      async (forward) => {
        await forward();
        return null;
      },
      Infinity,
    );
    await Promise.all([killAfter('a', 12), killAfter('b', 25)]);
    const runs = await Promise.all([first, second].map((run) => waitForRun(service.client, applicationId, run)));
    expect(runs.map(({ state, stateDetails }) => [state, stateDetails])).toEqual(
      runs.map(() => ['SUCCESS', 'Job completed successfully']),
    );
    const expected = ['a', 'b'].flatMap((writer) =>
      Array.from({ length: COMMITS }, (_, number) => `${writer} ${number}`),
    );
    expect((await userMetadata()).sort()).toEqual(expected.sort());
    const rows = await readDelta(s3.url, 's3://lake/shared');
    expect(rows.map(({ writer, number }) => `${String(writer)} ${String(number)}`).sort()).toEqual(expected);
  }, 1_500_000);

  it('meets no defect of the server', () => {
    expect(service.defects).toEqual([]);
  });
});
