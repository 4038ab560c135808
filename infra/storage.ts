import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { BlockPublicAccess, Bucket, BucketEncryption, type LifecycleRule, StorageClass } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';

export interface Storage {
  readonly raw: Bucket;
  readonly lake: Bucket;
  readonly artifacts: Bucket;
}

/** Three buckets: raw events are kept for ever, staged builds and logs are not. */
export function createStorage(scope: Construct): Storage {
  const bucket = (id: string, lifecycleRules: LifecycleRule[], versioned: boolean): Bucket =>
    new Bucket(scope, id, {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      removalPolicy: RemovalPolicy.RETAIN,
      versioned,
      lifecycleRules: [{ abortIncompleteMultipartUploadAfter: Duration.days(3) }, ...lifecycleRules],
    });
  return {
    // Compliance: raw events are never deleted, and after a quarter hardly read.
    raw: bucket(
      'Raw',
      [{ transitions: [{ storageClass: StorageClass.GLACIER_INSTANT_RETRIEVAL, transitionAfter: Duration.days(90) }] }],
      true,
    ),
    // A staged build is also what the warehouse copies from; a week covers every retry.
    lake: bucket('Lake', [{ prefix: '_staging/', expiration: Duration.days(7) }], false),
    artifacts: bucket(
      'Artifacts',
      ['logs/', 'builds/', 'reports/'].map((prefix) => ({ prefix, expiration: Duration.days(90) })),
      false,
    ),
  };
}
