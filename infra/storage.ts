import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, Billing, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { BlockPublicAccess, Bucket, BucketEncryption, type LifecycleRule, StorageClass } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';

export interface Storage {
  readonly raw: Bucket;
  readonly lake: Bucket;
  readonly artifacts: Bucket;
  readonly ledger: TableV2;
}

/** Three buckets, of which raw events are kept for ever, staged builds, files of streams and logs are not; and the ledger. */
export function createStorage(scope: Construct, streamFolders: readonly string[]): Storage {
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
    // A staged build is also what the warehouse copies from; a week covers every retry. What is deleted or overwritten can
    // be brought back for as long: a table without its log is lost.
    lake: bucket(
      'Lake',
      [
        { prefix: '_staging/', expiration: Duration.days(7) },
        // Merged within minutes; the stream's own past is in the raw events.
        ...streamFolders.map((folder) => ({ prefix: `${folder}/`, expiration: Duration.days(14) })),
        { noncurrentVersionExpiration: Duration.days(7), expiredObjectDeleteMarker: true },
      ],
      true,
    ),
    // Rebuilt from the tables when it is lost; the recovery window saves what they don't keep: costs and failures.
    ledger: new TableV2(scope, 'Ledger', {
      partitionKey: { name: 'product', type: AttributeType.STRING },
      sortKey: { name: 'interval', type: AttributeType.STRING },
      billing: Billing.onDemand(),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    }),
    artifacts: bucket(
      'Artifacts',
      [
        // Jobs may log what they read: no longer than somebody looks for what went wrong.
        { prefix: 'logs/', expiration: Duration.days(14) },
        { prefix: 'builds/', expiration: Duration.days(90) },
      ],
      false,
    ),
  };
}
