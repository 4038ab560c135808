import { Fn, Stack } from 'aws-cdk-lib';
import { CfnSecurityGroup, GatewayVpcEndpointAwsService, SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2';
import { AnyPrincipal, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';

/** Subnets and security group of a service. */
export interface Place {
  readonly subnetIds: string[];
  readonly securityGroupIds: string[];
}

/** A network from which nothing but S3 can be reached, and there the account's buckets; what may be done in them, roles say. */
export function createNetwork(scope: Construct): { warehouse: Place; spark: Place } {
  // https://docs.aws.amazon.com/redshift/latest/mgmt/serverless-usage-considerations.html: three subnets in three zones.
  const vpc = new Vpc(scope, 'Vpc', {
    availabilityZones: [0, 1, 2].map((index) => Fn.select(index, Fn.getAzs())),
    natGateways: 0,
    subnetConfiguration: [
      { name: 'Warehouse', subnetType: SubnetType.PRIVATE_ISOLATED, cidrMask: 24 },
      // Each Spark worker takes an address.
      { name: 'Spark', subnetType: SubnetType.PRIVATE_ISOLATED, cidrMask: 22 },
    ],
  });
  const { account, partition, region } = Stack.of(scope);
  const s3 = vpc.addGatewayEndpoint('S3', { service: GatewayVpcEndpointAwsService.S3 });
  const principals = [new AnyPrincipal()];
  s3.addToPolicy(
    new PolicyStatement({
      principals,
      actions: ['s3:*'],
      resources: ['*'],
      conditions: { StringEquals: { 'aws:ResourceAccount': account } },
    }),
  );
  // Spark's UI of a job is made of what the service itself keeps in a bucket of its own:
  // https://docs.aws.amazon.com/emr/latest/EMR-Serverless-UserGuide/logging.html
  s3.addToPolicy(
    new PolicyStatement({
      principals,
      actions: ['s3:PutObject', 's3:PutObjectAcl'],
      resources: [`arn:${partition}:s3:::prod.${region}.appinfo.src/*`],
      conditions: {
        StringEquals: { 'aws:PrincipalServiceName': 'emr-serverless.amazonaws.com', 'aws:SourceVpc': vpc.vpcId },
      },
    }),
  );
  const subnetsOf = (subnetGroupName: string): string[] => vpc.selectSubnets({ subnetGroupName }).subnetIds;
  const workers = new CfnSecurityGroup(scope, 'SparkWorkers', {
    vpcId: vpc.vpcId,
    groupDescription: 'Spark workers: nobody connects to them',
  });
  return {
    warehouse: { subnetIds: subnetsOf('Warehouse'), securityGroupIds: [vpc.vpcDefaultSecurityGroup] },
    spark: { subnetIds: subnetsOf('Spark'), securityGroupIds: [workers.attrGroupId] },
  };
}
