import type { CreateApplicationCommandInput, EnvironmentProperties } from '@aws-sdk/client-kinesis-analytics-v2';

/** As an application has them, of the job in `flink-job/`. */
export const countingProperties = (properties: Readonly<Record<string, string>>): EnvironmentProperties => ({
  PropertyGroups: [{ PropertyGroupId: 'tideline', PropertyMap: { ...properties } }],
});

/** An application of that job, which takes a checkpoint a second. */
export const countingApplication = (
  EnvironmentProperties: EnvironmentProperties,
): Omit<CreateApplicationCommandInput, 'ApplicationName'> => ({
  RuntimeEnvironment: 'FLINK-1_20',
  ServiceExecutionRole: 'arn:aws:iam::000000000000:role/flink',
  ApplicationConfiguration: {
    ApplicationCodeConfiguration: {
      CodeContentType: 'ZIPFILE',
      CodeContent: { S3ContentLocation: { BucketARN: 'arn:aws:s3:::artifacts', FileKey: 'job-1.jar' } },
    },
    FlinkApplicationConfiguration: {
      CheckpointConfiguration: {
        ConfigurationType: 'CUSTOM',
        CheckpointingEnabled: true,
        CheckpointInterval: 1_000,
        MinPauseBetweenCheckpoints: 100,
      },
    },
    EnvironmentProperties,
  },
});
