import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { loadCatalogue, rawProducts } from '../../model/catalogue.ts';
import { delivery } from '../../model/stream.ts';
import { allows, grantsOf, templateOf } from './stack.ts';

const template = templateOf();
const lifecycleOf = (bucket: string): string =>
  JSON.stringify(
    Object.entries(template.findResources('AWS::S3::Bucket')).filter(([id]) =>
      new RegExp(`^${bucket}\\w{8}$`).test(id),
    ),
  );

describe('the stack', () => {
  it('keeps every bucket private, encrypted and when the stack goes', () => {
    template.resourceCountIs('AWS::S3::Bucket', 3);
    template.allResourcesProperties('AWS::S3::Bucket', {
      BucketEncryption: Match.anyValue(),
      PublicAccessBlockConfiguration: { BlockPublicAcls: true, RestrictPublicBuckets: true },
    });
    template.allResources('AWS::S3::Bucket', { DeletionPolicy: 'Retain' });
  });

  it('never lets raw events expire', () => {
    expect(lifecycleOf('Raw')).toContain('"VersioningConfiguration":{"Status":"Enabled"}');
    expect(lifecycleOf('Raw')).not.toContain('Expiration');
  });

  it('keeps what is deleted of a table, and of its log, for a week', () => {
    expect(lifecycleOf('Lake')).toContain('"VersioningConfiguration":{"Status":"Enabled"}');
    expect(lifecycleOf('Lake')).toContain('"NoncurrentVersionExpiration":{"NoncurrentDays":7}');
  });

  it('keeps no longer than two weeks what jobs log, which may be rows that they read', () => {
    expect(lifecycleOf('Artifacts')).toContain('{"ExpirationInDays":14,"Prefix":"logs/","Status":"Enabled"}');
    template.resourcePropertiesCountIs(
      'AWS::Logs::LogGroup',
      { LogGroupName: Match.stringLikeRegexp('managed-flink'), RetentionInDays: 14 },
      2,
    );
  });

  it('grants no action on everything, but those that know no resource', () => {
    const grants = [
      'WorkerPolicy',
      'JobRole',
      'MaintenanceRole',
      'CopyRole',
      'DeliveryRole',
      'ProducerPolicy',
      'TripSessionsRole',
      'SurgePricingRole',
    ].flatMap((policy) => grantsOf(template, policy));
    const open = grants.filter(({ resource }) => resource === '*').map(({ action }) => action);
    expect(open.sort()).toEqual([
      'cloudwatch:GetMetricStatistics',
      'cloudwatch:PutMetricData',
      'kinesisanalytics:CreateApplication',
      'redshift-data:CancelStatement',
      'redshift-data:DescribeStatement',
      'redshift-data:GetStatementResult',
    ]);
    expect(grants.filter(({ action }) => action.endsWith(':*'))).toEqual([]);
  });

  it('lets surge write its table for lookup, of which DynamoDB deletes what is over', () => {
    const writers = ['TripSessionsRole', 'SurgePricingRole', 'WorkerPolicy'].filter((policy) =>
      grantsOf(template, policy).some((grant) => allows(grant, 'dynamodb:PutItem SurgePricingLookup')),
    );
    expect(writers).toEqual(['SurgePricingRole']);
    template.hasResourceProperties('AWS::DynamoDB::GlobalTable', {
      TableName: 'surge-zones',
      TimeToLiveSpecification: { AttributeName: 'expires_at', Enabled: true },
    });
  });

  it('describes its roles in the letters that IAM knows', () => {
    const roles = Object.values(template.findResources('AWS::IAM::Role'));
    const descriptions = roles.map(({ Properties }) => (Properties as { Description?: string }).Description ?? '');
    expect(descriptions.filter((text) => !/^[\t\n\r -~\u00A1-\u00FF]*$/.test(text))).toEqual([]);
  });

  it('lets the stream’s applications read the stream and write their folders of the lake, nothing else of it', () => {
    const grants = grantsOf(template, 'TripSessionsRole');
    const allowed = (call: string): boolean => grants.some((grant) => allows(grant, call));
    for (const call of [
      'kinesis:GetRecords Events',
      's3:GetObject Artifacts/flink-jobs/trip-sessions/1.jar',
      's3:PutObject Lake/streaming/trips/dt=2025-01-18/hh=03/part-1.parquet',
      's3:PutObject Lake/streaming/quarantine/dt=2025-01-18/hh=03/part-1.parquet',
    ])
      expect(allowed(call), call).toBe(true);
    for (const call of [
      'kinesis:PutRecords Events',
      's3:PutObject Lake/gold/trips/part-1.parquet',
      's3:GetObject Raw/raw/events/a',
    ])
      expect(allowed(call), call).toBe(false);
  });

  it('lets its own applications run jobs with their roles, no other', () => {
    const applications = Object.keys(template.findResources('AWS::EMRServerless::Application'));
    expect(applications).toHaveLength(2);
    const trust = {
      AssumeRolePolicyDocument: {
        Statement: [
          {
            Principal: { Service: 'emr-serverless.amazonaws.com' },
            Condition: {
              StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
              ArnEquals: { 'aws:SourceArn': applications.map((id) => ({ 'Fn::GetAtt': [id, 'Arn'] })) },
            },
          },
        ],
      },
    };
    template.resourcePropertiesCountIs('AWS::IAM::Role', trust, 2);
  });

  it('lets both kinds of Redshift read what is to be loaded', () => {
    template.hasResourceProperties('AWS::IAM::Role', {
      AssumeRolePolicyDocument: {
        Statement: ['redshift-serverless', 'redshift'].map((service) => ({
          Principal: { Service: `${service}.amazonaws.com` },
        })),
      },
    });
  });

  it('gives the warehouse and jobs three zones to live in, and a way to S3 and nowhere else', () => {
    const three = [Match.anyValue(), Match.anyValue(), Match.anyValue()];
    template.hasResourceProperties('AWS::RedshiftServerless::Workgroup', {
      EnhancedVpcRouting: true,
      SubnetIds: three,
    });
    template.allResourcesProperties('AWS::EMRServerless::Application', {
      NetworkConfiguration: { SubnetIds: three, SecurityGroupIds: [Match.anyValue()] },
    });
    template.resourceCountIs('AWS::EC2::SecurityGroupIngress', 0);
    const zones = Object.values(template.findResources('AWS::EC2::Subnet')).map((subnet) =>
      JSON.stringify((subnet as { Properties: Record<string, unknown> }).Properties.AvailabilityZone),
    );
    expect(new Set(zones).size).toBe(3);
    template.hasResourceProperties('AWS::EC2::VPCEndpoint', {
      VpcEndpointType: 'Gateway',
      RouteTableIds: [...three, ...three],
    });
    template.resourceCountIs('AWS::EC2::InternetGateway', 0);
    template.resourceCountIs('AWS::EC2::NatGateway', 0);
  });

  it('lets that way lead to the account’s own buckets, and the service’s logs into that of the service', () => {
    template.hasResourceProperties('AWS::EC2::VPCEndpoint', {
      PolicyDocument: {
        Statement: [
          {
            Effect: 'Allow',
            Principal: { AWS: '*' },
            Action: 's3:*',
            Resource: '*',
            Condition: { StringEquals: { 'aws:ResourceAccount': { Ref: 'AWS::AccountId' } } },
          },
          {
            Effect: 'Allow',
            Action: ['s3:PutObject', 's3:PutObjectAcl'],
            Resource: { 'Fn::Join': ['', Match.arrayWith([':s3:::prod.', { Ref: 'AWS::Region' }, '.appinfo.src/*'])] },
            Condition: {
              StringEquals: {
                'aws:PrincipalServiceName': 'emr-serverless.amazonaws.com',
                'aws:SourceVpc': Match.anyValue(),
              },
            },
          },
        ],
      },
    });
  });

  it('takes events into a stream of its own key, on demand, and keeps them for a day', () => {
    template.hasResourceProperties('AWS::Kinesis::Stream', {
      Name: 'ride-hailing-events',
      RetentionPeriodHours: 24,
      StreamModeDetails: { StreamMode: 'ON_DEMAND' },
      StreamEncryption: { EncryptionType: 'KMS', KeyId: Match.anyValue() },
      DesiredShardLevelMetrics: ['IncomingBytes', 'WriteProvisionedThroughputExceeded'],
      ShardCount: Match.absent(),
    });
    template.hasResourceProperties('AWS::KMS::Key', { EnableKeyRotation: true });
  });

  it('delivers them where bronze reads, a line each, by the hour, and tells what it could not', () => {
    const folders = rawProducts(loadCatalogue()).map(({ source }) => source.folder);
    expect(folders).toEqual([delivery.folder]);
    template.hasResourceProperties('AWS::KinesisFirehose::DeliveryStream', {
      DeliveryStreamName: 'ride-hailing-events-to-raw',
      DeliveryStreamType: 'KinesisStreamAsSource',
      ExtendedS3DestinationConfiguration: {
        Prefix: 'raw/events/year=!{timestamp:yyyy}/month=!{timestamp:MM}/day=!{timestamp:dd}/hour=!{timestamp:HH}/',
        ErrorOutputPrefix: Match.stringLikeRegexp('^raw/errors/events/!\\{firehose:error-output-type\\}/year='),
        BufferingHints: { IntervalInSeconds: 900, SizeInMBs: 128 },
        CompressionFormat: 'GZIP',
        FileExtension: '.json.gz',
        ProcessingConfiguration: {
          Enabled: true,
          Processors: [
            {
              Type: 'AppendDelimiterToRecord',
              Parameters: [{ ParameterName: 'Delimiter', ParameterValue: '\\n' }],
            },
          ],
        },
        CloudWatchLoggingOptions: { Enabled: true, LogStreamName: Match.anyValue() },
      },
    });
    const [made] = Object.values(template.findResources('AWS::KinesisFirehose::DeliveryStream'));
    expect((made as { DependsOn: string[] }).DependsOn).toContainEqual(
      expect.stringMatching(/^DeliveryRoleDefaultPolicy/),
    );
  });

  it('bounds what jobs may use at once, and starts no more than have room to begin', () => {
    const application = (vcpu: number, runs: number) => ({
      MaximumCapacity: { Cpu: `${vcpu}vCPU`, Memory: `${4 * vcpu}GB`, Disk: `${5 * vcpu}GB` },
      SchedulerConfiguration: { MaxConcurrentRuns: runs },
    });
    template.allResourcesProperties('AWS::EMRServerless::Application', application(400, 25));
    const small = templateOf({ maximumVcpu: 66 });
    small.allResourcesProperties('AWS::EMRServerless::Application', application(32, 2));
    expect(() => templateOf({ maximumVcpu: 24 })).toThrow('maximumVcpu is 24: each of two applications needs 16');
    expect(() => templateOf({ maximumVcpu: Number('many') })).toThrow('maximumVcpu is NaN');
  });

  it('keeps half of that, and warm drivers, for the scheduled lane', () => {
    const warm = { InitialCapacity: [Match.objectLike({ Key: 'DRIVER' })] };
    template.resourcePropertiesCountIs('AWS::EMRServerless::Application', { Name: 'tideline', ...warm }, 1);
    const backfill = { Name: 'tideline-backfill', InitialCapacity: Match.absent() };
    template.resourcePropertiesCountIs('AWS::EMRServerless::Application', backfill, 1);
  });

  it('keeps the ledger when the stack goes, and what it said a month ago', () => {
    template.hasResource('AWS::DynamoDB::GlobalTable', { DeletionPolicy: 'Retain' });
    const ledger = JSON.stringify(template.findResources('AWS::DynamoDB::GlobalTable'));
    expect(ledger).toContain('"PointInTimeRecoveryEnabled":true');
    expect(ledger).toContain('"DeletionProtectionEnabled":true');
  });

  it('tells the workers what they must know', () => {
    for (const output of [
      'EmrApplicationId',
      'EmrBackfillApplicationId',
      'EmrExecutionRoleArn',
      'EmrMaintenanceRoleArn',
      'RedshiftCopyRoleArn',
      'TidelineLakeBucket',
    ]) {
      template.hasOutput(output, {});
    }
  });
});
