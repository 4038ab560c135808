import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { namespaces } from '../../model/metrics.ts';
import { pascalCase } from '../../infra/streams.ts';
import { streamApplications } from '../../model/stream-applications.ts';
import { root } from '../tools.ts';
import { filesFrom } from './imports.ts';
import { allows, compare, type Grant, grantsOf, templateOf } from './stack.ts';

const template = templateOf();

const nothing = { refused: [], unused: [] };

/** What a file asks of AWS: its commands, paginators, and the parts of its transactions. */
function commandsIn(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  const found = text.matchAll(/new (\w+)Command\(|\bpaginate(\w+)\(|\b(ConditionCheck|Update|Put|Delete): \{/g);
  return [...found].map((match) => `${file} ${match.slice(1).find(Boolean) ?? ''}`);
}

/** Both applications run jobs, and what one lane does the others may. */
const inEach = (actions: readonly string[], of: string): string[] =>
  ['Spark', 'SparkBackfill'].flatMap((id) => actions.map((action) => `emr-serverless:${action} ${id}${of}`));

const onApplications = (call: string): string[] =>
  streamApplications.map(
    ({ name }) =>
      `kinesisanalytics:${call} arn:AWS::Partition:kinesisanalytics:AWS::Region:AWS::AccountId:application/${name}`,
  );

const passingRoles = streamApplications.map(({ name }) => `iam:PassRole ${pascalCase(name)}Role`);

/** Which calls a command makes, by IAM's names: https://docs.aws.amazon.com/service-authorization/latest/reference/ */
const callsOf: Readonly<Record<string, readonly string[]>> = {
  'activities/cloudwatch/metrics.ts PutMetricData': ['cloudwatch:PutMetricData *'],
  'activities/emr-serverless/activities.ts StartJobRun': [
    ...inEach(['StartJobRun'], ''),
    ...inEach(['TagResource'], '/jobruns/1'),
    'iam:PassRole JobRole',
    'iam:PassRole MaintenanceRole',
  ],
  'activities/emr-serverless/activities.ts GetJobRun': inEach(['GetJobRun'], '/jobruns/1'),
  'activities/emr-serverless/activities.ts ListJobRuns': inEach(['ListJobRuns'], ''),
  'activities/emr-serverless/activities.ts CancelJobRun': inEach(['CancelJobRun'], '/jobruns/1'),
  'activities/redshift/batches.ts BatchExecuteStatement': [
    'redshift-data:BatchExecuteStatement Workgroup',
    'redshift-serverless:GetCredentials Workgroup',
  ],
  'activities/redshift/activities.ts DescribeStatement': ['redshift-data:DescribeStatement *'],
  'activities/redshift/activities.ts CancelStatement': ['redshift-data:CancelStatement *'],
  'activities/redshift/query.ts ExecuteStatement': [
    'redshift-data:ExecuteStatement Workgroup',
    'redshift-serverless:GetCredentials Workgroup',
  ],
  'activities/redshift/query.ts DescribeStatement': ['redshift-data:DescribeStatement *'],
  'activities/redshift/query.ts GetStatementResult': ['redshift-data:GetStatementResult *'],
  // Who may not list a bucket is not told that an object is missing.
  'activities/lake/activities.ts GetObject': ['s3:GetObject Artifacts/builds/1/result.json', 's3:ListBucket Artifacts'],
  'activities/lake/delta-log.ts GetObject': ['s3:GetObject Lake/silver/trips/_delta_log/1.json'],
  'activities/lake/delta-log.ts ListObjectsV2': ['s3:ListBucket Lake'],
  'activities/lake/raw-files.ts ListObjectsV2': ['s3:ListBucket Raw'],
  'activities/lake/stream-files.ts ListObjectsV2': ['s3:ListBucket Lake'],
  'activities/realtime/manifests.ts GetObject': [
    's3:GetObject Lake/_staging/public.surge_pricing/merge/1/1/manifest.json',
    's3:GetObject Lake/_staging/public.trips_realtime/merge/1/1/manifest.json',
  ],
  'activities/realtime/manifests.ts PutObject': [
    's3:PutObject Lake/_staging/public.surge_pricing/merge/1/1/manifest.json',
    's3:PutObject Lake/_staging/public.trips_realtime/merge/1/1/manifest.json',
  ],
  'activities/cloudwatch/readings.ts GetMetricStatistics': ['cloudwatch:GetMetricStatistics *'],
  // `lake dashboard` alone reads alarms.
  'activities/cloudwatch/readings.ts DescribeAlarms': [],
  ...Object.fromEntries(
    [
      'DescribeApplication',
      'StartApplication',
      'StopApplication',
      'RollbackApplication',
      'AddApplicationCloudWatchLoggingOption',
      'ListApplicationOperations',
      'DescribeApplicationOperation',
      'ListApplicationSnapshots',
      'CreateApplicationSnapshot',
      'DeleteApplicationSnapshot',
    ].map((call) => [`activities/flink/activities.ts ${call}`, onApplications(call)]),
  ),
  'activities/flink/activities.ts CreateApplication': ['kinesisanalytics:CreateApplication *', ...passingRoles],
  'activities/flink/activities.ts UpdateApplication': [...onApplications('UpdateApplication'), ...passingRoles],
  'activities/sns/activities.ts Publish': ['sns:Publish AlertsTeam'],
  'activities/ledger/items.ts Query': ['dynamodb:Query Ledger'],
  'activities/ledger/items.ts Update': ['dynamodb:UpdateItem Ledger'],
  'activities/ledger/ledger.ts Update': ['dynamodb:UpdateItem Ledger'],
  // A transaction needs the right of each of its parts.
  'activities/ledger/items.ts TransactWrite': [],
  'activities/ledger/ledger.ts ConditionCheck': ['dynamodb:ConditionCheckItem Ledger'],
  'activities/ledger/restore-points.ts Query': ['dynamodb:Query Ledger'],
  // `lake restore-point` alone makes and removes them, with the rights of whoever runs it.
  'activities/ledger/restore-points.ts Put': [],
  'activities/ledger/restore-points.ts Delete': [],
};

describe('the rights of a worker', () => {
  const grants = grantsOf(template, 'WorkerPolicy');

  it('are those for the calls in its code, and no others', () => {
    const commands = [...filesFrom('workers/data-plane.ts')].flatMap(commandsIn);
    expect([...new Set(commands)].sort()).toEqual(Object.keys(callsOf).sort());
    expect(compare(grants, Object.values(callsOf).flat())).toEqual(nothing);
  });

  it('are none where it only decides', () => {
    expect([...filesFrom('workers/orchestration.ts')].flatMap(commandsIn)).toEqual([]);
  });

  it('end neither at a session nor at a prefix, which a worker that adopts or a read of what is missing does not have', () => {
    const conditions = grants.filter(({ condition }) => condition !== undefined);
    const passedTo = (service: string) => ({
      StringEquals: { 'iam:PassedToService': `${service}.amazonaws.com` },
    });
    expect(conditions.map(({ action, condition }) => [action, condition])).toEqual([
      ...['JobRole', 'MaintenanceRole'].map(() => ['iam:PassRole', passedTo('emr-serverless')]),
      ...streamApplications.map(() => ['iam:PassRole', passedTo('kinesisanalytics')]),
      ['cloudwatch:PutMetricData', { StringEquals: { 'cloudwatch:namespace': namespaces } }],
    ]);
  });
});

describe('the rights of a producer and of the delivery', () => {
  const conditionsOf = (grants: readonly Grant[]) =>
    grants.flatMap(({ action, condition }) => (condition === undefined ? [] : [[action, condition]]));

  it('are those for the calls in the producer’s code, and no others', () => {
    const calls: Readonly<Record<string, readonly string[]>> = {
      // Into a stream with a key of its own.
      'local/producer/producer.ts PutRecords': ['kinesis:PutRecords Events', 'kms:GenerateDataKey EventsKey'],
    };
    const commands = ['producer', 'refused'].flatMap((name) =>
      [...filesFrom(`local/producer/${name}.ts`)].flatMap(commandsIn),
    );
    expect(commands).toEqual(Object.keys(calls));
    const refused = 's3:PutObject Raw/raw/errors/events/refused/year=2025/month=01/day=18/hour=03/refused-1.json.gz';
    const grants = grantsOf(template, 'ProducerPolicy');
    expect(compare(grants, [...Object.values(calls).flat(), refused])).toEqual(nothing);
    expect(conditionsOf(grants).map(([action]) => action)).toEqual(['kms:GenerateDataKey']);
  });

  it('let the delivery read the stream, and write raw files and errors alone', () => {
    const grants = grantsOf(template, 'DeliveryRole');
    const allowed = (call: string): boolean => grants.some((grant) => allows(grant, call));
    for (const call of ['DescribeStream', 'GetShardIterator', 'GetRecords', 'ListShards'])
      expect(allowed(`kinesis:${call} Events`), call).toBe(true);
    expect(allowed('s3:PutObject Raw/raw/events/year=2025/part.json.gz')).toBe(true);
    expect(allowed('s3:PutObject Raw/raw/errors/events/processing-failed/part')).toBe(true);
    for (const call of ['s3:PutObject Raw/other', 's3:DeleteObject Raw/raw/events/part', 'kinesis:PutRecords Events'])
      expect(allowed(call), call).toBe(false);
    expect(grants.filter(({ action }) => action.startsWith('logs:')).map(({ action }) => action)).toEqual([
      'logs:PutLogEvents',
    ]);
    expect(conditionsOf(grants).map(([action]) => action)).toEqual(['kms:Decrypt']);
  });
});

describe('the rights of a deploy', () => {
  const secret = 'arn:AWS::Partition:secretsmanager:AWS::Region:AWS::AccountId:secret:redshift!tideline-admin-AbCdEf';
  const warehouse = [`secretsmanager:GetSecretValue ${secret}`];
  const glue = (action: string, ...of: string[]) => of.map((resource) => `glue:${action} ${glueArn(resource)}`);
  const glueArn = (resource: string): string => `arn:AWS::Partition:glue:AWS::Region:AWS::AccountId:${resource}`;
  const databases = ['bronze', 'silver', 'gold'].map((name) => `database/${name}`);
  const tables = ['bronze', 'silver', 'gold'].map((name) => `table/${name}/trips`);
  // In the catalogue of an account a right is asked for the catalogue, the database and the table:
  // https://docs.aws.amazon.com/glue/latest/dg/glue-specifying-resource-arns.html
  const ofTables = ['catalog', ...databases, ...tables];
  const calls: Readonly<Record<string, readonly string[]>> = {
    'activities/redshift/query.ts ExecuteStatement': ['redshift-data:ExecuteStatement Workgroup', ...warehouse],
    'activities/redshift/query.ts DescribeStatement': ['redshift-data:DescribeStatement *'],
    'activities/redshift/query.ts GetStatementResult': ['redshift-data:GetStatementResult *'],
    'deployment/warehouse.ts BatchExecuteStatement': ['redshift-data:BatchExecuteStatement Workgroup', ...warehouse],
    'deployment/warehouse.ts DescribeTable': ['redshift-data:DescribeTable Workgroup', ...warehouse],
    // Who may not list a bucket is not told that an object is missing.
    'deployment/spark-jobs.ts HeadObject': ['s3:GetObject Artifacts/spark-jobs/1/main.py', 's3:ListBucket Artifacts'],
    'deployment/spark-jobs.ts PutObject': ['s3:PutObject Artifacts/spark-jobs/1/main.py'],
    'deployment/stream-applications.ts HeadObject': [
      's3:GetObject Artifacts/flink-jobs/trip-sessions/1.jar',
      's3:ListBucket Artifacts',
    ],
    'deployment/stream-applications.ts PutObject': ['s3:PutObject Artifacts/flink-jobs/trip-sessions/1.jar'],
    'deployment/glue.ts GetDatabase': glue('GetDatabase', 'catalog', ...databases),
    'deployment/glue.ts CreateDatabase': glue('CreateDatabase', 'catalog', ...databases),
    'deployment/glue.ts GetTables': glue('GetTables', ...ofTables),
    'deployment/glue.ts CreateTable': glue('CreateTable', ...ofTables),
    'deployment/glue.ts UpdateTable': glue('UpdateTable', ...ofTables),
  };

  it('are those for the calls in its code, and no others', () => {
    const commands = ['glue', 'spark-jobs', 'stream-applications', 'warehouse'].flatMap((name) =>
      [...filesFrom(`deployment/${name}.ts`)].flatMap(commandsIn),
    );
    expect([...new Set(commands)].sort()).toEqual(Object.keys(calls).sort());
    expect(compare(grantsOf(template, 'DeployPolicy'), Object.values(calls).flat())).toEqual(nothing);
  });
});

describe('the rights of a Spark job', () => {
  it('let nothing but maintenance delete published files, and nothing at all raw events', () => {
    const deleting = (role: string, call: string) => grantsOf(template, role).some((grant) => allows(grant, call));
    expect(deleting('JobRole', 's3:DeleteObject Lake/silver/trips/trip_date=2025-01-18/part.parquet')).toBe(false);
    for (const role of ['JobRole', 'MaintenanceRole', 'WorkerPolicy', 'CopyRole', 'ProducerPolicy'])
      for (const action of ['DeleteObject', 'PutObject', 'DeleteObjectVersion'])
        expect(deleting(role, `s3:${action} Raw/raw/events/part.gz`)).toBe(false);
  });
});
