import { CompositePrincipal, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnNamespace, CfnWorkgroup } from 'aws-cdk-lib/aws-redshiftserverless';
import type { Construct } from 'constructs';
import type { Place } from './network.ts';
import type { Storage } from './storage.ts';

export const databaseName = 'lakehouse';
export const workgroupName = 'tideline';

/** The warehouse, and the role with which it copies from the lake. */
export function createWarehouse(scope: Construct, { lake }: Storage, place: Place, streamFolders: readonly string[]) {
  const copyRole = new Role(scope, 'CopyRole', {
    // https://docs.aws.amazon.com/redshift/latest/mgmt/serverless-security-other-services.html: both.
    assumedBy: new CompositePrincipal(
      new ServicePrincipal('redshift-serverless.amazonaws.com'),
      new ServicePrincipal('redshift.amazonaws.com'),
    ),
    description: 'COPY of audited builds and of streams into the warehouse',
  });
  for (const folder of ['_staging', ...streamFolders]) lake.grantRead(copyRole, `${folder}/*`);

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
    ...place,
  });
  workgroup.addResourceDependency(namespace);
  return { copyRole, workgroup };
}
