import { App } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, it } from 'vitest';
import { LakehouseStack } from '../../infra/lakehouse-stack.ts';

let template: Template;
beforeAll(() => {
  template = Template.fromStack(new LakehouseStack(new App(), 'Lakehouse'));
});

interface Statement {
  readonly Action: string | string[];
  readonly Resource: unknown;
}

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
    const rules = JSON.stringify(
      template.findResources('AWS::S3::Bucket', { Properties: { VersioningConfiguration: Match.anyValue() } }),
    );
    expect(rules).not.toContain('ExpirationInDays');
  });

  it('grants no action on everything, but those that know no resource', () => {
    const policies = {
      ...template.findResources('AWS::IAM::Policy'),
      ...template.findResources('AWS::IAM::ManagedPolicy'),
    };
    const statements = Object.values(policies).flatMap(
      (policy) =>
        (policy as { Properties: { PolicyDocument: { Statement: Statement[] } } }).Properties.PolicyDocument.Statement,
    );
    const open = statements.filter(({ Resource }) => Resource === '*').flatMap(({ Action }) => Action);
    expect(open.sort()).toEqual(['redshift-data:CancelStatement', 'redshift-data:DescribeStatement']);
    expect(
      statements.flatMap(({ Action }) => Action).filter((action) => action === '*' || action.endsWith(':*')),
    ).toEqual([]);
  });

  it('keeps the ledger when the stack goes, and what it said a month ago', () => {
    template.hasResource('AWS::DynamoDB::GlobalTable', { DeletionPolicy: 'Retain' });
    expect(JSON.stringify(template.findResources('AWS::DynamoDB::GlobalTable'))).toContain(
      '"PointInTimeRecoveryEnabled":true',
    );
  });

  it('lets workers claim intervals and tables and read what commits say, and jobs remove what is old', () => {
    const actions = (type: string, name: string): string[] =>
      Object.entries(template.findResources(type))
        .filter(([id]) => id.startsWith(name))
        .flatMap(
          ([, { Properties }]) =>
            (Properties as { PolicyDocument: { Statement: Statement[] } }).PolicyDocument.Statement,
        )
        .flatMap(({ Action }) => Action);
    // A transaction needs the right of each of its parts.
    expect(actions('AWS::IAM::ManagedPolicy', 'WorkerPolicy')).toEqual(
      expect.arrayContaining(['dynamodb:UpdateItem', 'dynamodb:ConditionCheckItem', 'dynamodb:Query', 's3:ListBucket']),
    );
    expect(actions('AWS::IAM::Policy', 'JobRole')).toContain('s3:DeleteObject*');
  });

  it('tells the workers what they must know', () => {
    for (const output of ['EmrApplicationId', 'EmrExecutionRoleArn', 'RedshiftCopyRoleArn', 'TidelineLakeBucket']) {
      template.hasOutput(output, {});
    }
  });
});
