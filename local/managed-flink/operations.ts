import * as flink from '@aws-sdk/client-kinesis-analytics-v2';
import { operation } from '../wire/index.ts';
import {
  applicationDetail,
  applicationSummary,
  type ArnOf,
  operationDetails,
  operationSummary,
  snapshotDetails,
  versionSummary,
} from './application-view.ts';
import type { Applications } from './applications.ts';
import { invalidArgument, notFound } from './errors.ts';
import { pageOf } from './paging.ts';
import { type ApplicationRecord, versionOf } from './records.ts';

const PAGE = 50;

interface Parts {
  readonly applications: Applications;
  readonly arnPrefix: string;
}

const lifecycleOperations = (applications: Applications, arnOf: ArnOf) => [
  operation<flink.CreateApplicationRequest, flink.CreateApplicationResponse>(
    flink.CreateApplication$,
    async (input) => ({ ApplicationDetail: applicationDetail(await applications.create(input), arnOf) }),
  ),
  operation<flink.UpdateApplicationRequest, flink.UpdateApplicationResponse>(
    flink.UpdateApplication$,
    async (input) => {
      const { application, operation: begun } = await applications.update(input);
      return { ApplicationDetail: applicationDetail(application, arnOf), OperationId: begun.id };
    },
  ),
  operation<flink.AddApplicationCloudWatchLoggingOptionRequest, flink.AddApplicationCloudWatchLoggingOptionResponse>(
    flink.AddApplicationCloudWatchLoggingOption$,
    async (input) => {
      const { application, operation: begun } = await applications.addLog(input);
      const { ApplicationARN, ApplicationVersionId, CloudWatchLoggingOptionDescriptions } = applicationDetail(
        application,
        arnOf,
      );
      return { ApplicationARN, ApplicationVersionId, CloudWatchLoggingOptionDescriptions, OperationId: begun.id };
    },
  ),
  operation<flink.StartApplicationRequest, flink.StartApplicationResponse>(flink.StartApplication$, (input) => ({
    OperationId: applications.start(input).id,
  })),
  operation<flink.StopApplicationRequest, flink.StopApplicationResponse>(flink.StopApplication$, async (input) => ({
    OperationId: (await applications.stop(input)).id,
  })),
  operation<flink.RollbackApplicationRequest, flink.RollbackApplicationResponse>(
    flink.RollbackApplication$,
    (input) => {
      const { application, operation: begun } = applications.rollback(input);
      return { ApplicationDetail: applicationDetail(application, arnOf), OperationId: begun.id };
    },
  ),
  operation<flink.DeleteApplicationRequest, flink.DeleteApplicationResponse>(flink.DeleteApplication$, (input) => {
    applications.delete(input);
    return {};
  }),
];

const descriptions = (applications: Applications, arnOf: ArnOf) => [
  operation<flink.DescribeApplicationRequest, flink.DescribeApplicationResponse>(
    flink.DescribeApplication$,
    ({ ApplicationName }) => ({ ApplicationDetail: applicationDetail(applications.get(ApplicationName), arnOf) }),
  ),
  operation<flink.ListApplicationsRequest, flink.ListApplicationsResponse>(
    flink.ListApplications$,
    ({ Limit = PAGE, NextToken }) => {
      const { items, ...next } = pageOf(applications.all(), ({ name }) => name, Limit, NextToken);
      return { ApplicationSummaries: items.map((each) => applicationSummary(each, arnOf)), ...next };
    },
  ),
  operation<flink.DescribeApplicationVersionRequest, flink.DescribeApplicationVersionResponse>(
    flink.DescribeApplicationVersion$,
    ({ ApplicationName, ApplicationVersionId }) => {
      const application = applications.get(ApplicationName);
      const version = versionOf(application, ApplicationVersionId);
      if (version === undefined)
        throw notFound(`Application ${ApplicationName} has no version ${ApplicationVersionId}`);
      return { ApplicationVersionDetail: applicationDetail(application, arnOf, version) };
    },
  ),
  operation<flink.ListApplicationVersionsRequest, flink.ListApplicationVersionsResponse>(
    flink.ListApplicationVersions$,
    ({ ApplicationName, Limit = PAGE, NextToken }) => {
      const application = applications.get(ApplicationName);
      const newestFirst = application.versions.toReversed();
      const { items, ...next } = pageOf(newestFirst, ({ id }) => String(id), Limit, NextToken);
      return { ApplicationVersionSummaries: items.map((each) => versionSummary(application, each)), ...next };
    },
  ),
  operation<flink.DescribeApplicationOperationRequest, flink.DescribeApplicationOperationResponse>(
    flink.DescribeApplicationOperation$,
    ({ ApplicationName, OperationId }) => {
      const found = applications.get(ApplicationName).operations.find(({ id }) => id === OperationId);
      if (found === undefined) throw notFound(`Application ${ApplicationName} has no operation ${OperationId}`);
      return { ApplicationOperationInfoDetails: operationDetails(found) };
    },
  ),
  operation<flink.ListApplicationOperationsRequest, flink.ListApplicationOperationsResponse>(
    flink.ListApplicationOperations$,
    ({ ApplicationName, Limit = PAGE, NextToken, Operation, OperationStatus }) => {
      const found = applications
        .get(ApplicationName)
        .operations.toReversed()
        .filter(({ kind }) => Operation === undefined || kind === Operation)
        .filter(({ status }) => OperationStatus === undefined || status === OperationStatus);
      const { items, ...next } = pageOf(found, ({ id }) => id, Limit, NextToken);
      return { ApplicationOperationInfoList: items.map(operationSummary), ...next };
    },
  ),
];

const snapshotOperations = (applications: Applications) => [
  operation<flink.CreateApplicationSnapshotRequest, flink.CreateApplicationSnapshotResponse>(
    flink.CreateApplicationSnapshot$,
    async (input) => {
      await applications.createSnapshot(input);
      return {};
    },
  ),
  operation<flink.DescribeApplicationSnapshotRequest, flink.DescribeApplicationSnapshotResponse>(
    flink.DescribeApplicationSnapshot$,
    ({ ApplicationName, SnapshotName }) => ({
      SnapshotDetails: snapshotDetails(applications.snapshot(applications.get(ApplicationName), SnapshotName)),
    }),
  ),
  operation<flink.ListApplicationSnapshotsRequest, flink.ListApplicationSnapshotsResponse>(
    flink.ListApplicationSnapshots$,
    ({ ApplicationName, Limit = PAGE, NextToken }) => {
      const newestFirst = applications.get(ApplicationName).snapshots.toReversed();
      const { items, ...next } = pageOf(newestFirst, ({ name }) => name, Limit, NextToken);
      return { SnapshotSummaries: items.map(snapshotDetails), ...next };
    },
  ),
  operation<flink.DeleteApplicationSnapshotRequest, flink.DeleteApplicationSnapshotResponse>(
    flink.DeleteApplicationSnapshot$,
    (input) => {
      applications.deleteSnapshot(input);
      return {};
    },
  ),
];

const tagOperations = (applications: Applications, arnPrefix: string) => {
  const named = (arn: string): ApplicationRecord => {
    if (!arn.startsWith(arnPrefix)) throw invalidArgument(`${arn} is no application of this account and region`);
    return applications.get(arn.slice(arnPrefix.length));
  };
  return [
    operation<flink.ListTagsForResourceRequest, flink.ListTagsForResourceResponse>(
      flink.ListTagsForResource$,
      ({ ResourceARN }) => {
        const Tags = Object.entries(named(ResourceARN).tags).map(([Key, Value]) => ({ Key, Value }));
        // The service's model knows no empty list of tags.
        return Tags.length > 0 ? { Tags } : {};
      },
    ),
    operation<flink.TagResourceRequest, flink.TagResourceResponse>(flink.TagResource$, ({ ResourceARN, Tags }) => {
      applications.addTags(named(ResourceARN), Tags);
      return {};
    }),
    operation<flink.UntagResourceRequest, flink.UntagResourceResponse>(
      flink.UntagResource$,
      ({ ResourceARN, TagKeys }) => {
        applications.removeTags(named(ResourceARN), TagKeys);
        return {};
      },
    ),
  ];
};

export const operationsOf = ({ applications, arnPrefix }: Parts) => {
  const arnOf: ArnOf = (name) => arnPrefix + name;
  return [
    ...lifecycleOperations(applications, arnOf),
    ...descriptions(applications, arnOf),
    ...snapshotOperations(applications),
    ...tagOperations(applications, arnPrefix),
  ];
};
