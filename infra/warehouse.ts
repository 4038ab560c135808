import { Fn } from 'aws-cdk-lib';
import { GatewayVpcEndpointAwsService, SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2';
import { CompositePrincipal, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnNamespace, CfnWorkgroup } from 'aws-cdk-lib/aws-redshiftserverless';
import type { Construct } from 'constructs';
import type { Storage } from './storage.ts';

export const databaseName = 'lakehouse';
export const workgroupName = 'tideline';

/** The warehouse, in a network of its own from which nothing but S3 can be reached. */
export function createWarehouse(scope: Construct, { lake }: Storage) {
  // https://docs.aws.amazon.com/redshift/latest/mgmt/serverless-usage-considerations.html: three subnets in three zones.
  const vpc = new Vpc(scope, 'Vpc', {
    availabilityZones: [0, 1, 2].map((index) => Fn.select(index, Fn.getAzs())),
    natGateways: 0,
    subnetConfiguration: [{ name: 'Warehouse', subnetType: SubnetType.PRIVATE_ISOLATED, cidrMask: 24 }],
    gatewayEndpoints: { S3: { service: GatewayVpcEndpointAwsService.S3 } },
  });

  const copyRole = new Role(scope, 'CopyRole', {
    // https://docs.aws.amazon.com/redshift/latest/mgmt/serverless-security-other-services.html: both.
    assumedBy: new CompositePrincipal(
      new ServicePrincipal('redshift-serverless.amazonaws.com'),
      new ServicePrincipal('redshift.amazonaws.com'),
    ),
    description: 'COPY of audited builds into the warehouse',
  });
  lake.grantRead(copyRole, '_staging/*');

  const namespace = new CfnNamespace(scope, 'Namespace', {
    namespaceName: workgroupName,
    dbName: databaseName,
    iamRoles: [copyRole.roleArn],
    manageAdminPassword: true,
    logExports: ['userlog', 'connectionlog', 'useractivitylog'],
  });
  const workgroup = new CfnWorkgroup(scope, 'Workgroup', {
    workgroupName,
    namespaceName: namespace.namespaceName,
    baseCapacity: 32,
    publiclyAccessible: false,
    enhancedVpcRouting: true,
    subnetIds: vpc.isolatedSubnets.map(({ subnetId }) => subnetId),
    securityGroupIds: [vpc.vpcDefaultSecurityGroup],
  });
  workgroup.addResourceDependency(namespace);
  return { copyRole, workgroup };
}
