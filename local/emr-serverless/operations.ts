import { pathToFileURL } from 'node:url';
import * as emr from '@aws-sdk/client-emr-serverless';
import { operation } from '../wire/index.ts';
import { applicationDetails } from './application-view.ts';
import type { Applications } from './applications.ts';
import type { Names } from './identity.ts';
import type { JobRuns } from './job-runs.ts';
import type { RunRecord } from './records.ts';
import type { Tags } from './tags.ts';

interface Parts {
  readonly names: Names;
  readonly applications: Applications;
  readonly jobRuns: JobRuns;
  readonly tags: Tags;
  readonly logFolder: (run: RunRecord, attempt: number) => string;
}

const applicationOperations = ({ names, applications }: Parts) => [
  operation<emr.CreateApplicationRequest, emr.CreateApplicationResponse>(emr.CreateApplication$, (input) =>
    applications.create(input),
  ),
  operation<emr.GetApplicationRequest, emr.GetApplicationResponse>(emr.GetApplication$, ({ applicationId }) => ({
    application: applicationDetails(applications.get(applicationId), names),
  })),
  operation<emr.ListApplicationsRequest, emr.ListApplicationsResponse>(emr.ListApplications$, (input) =>
    applications.list(input),
  ),
  operation<emr.UpdateApplicationRequest, emr.UpdateApplicationResponse>(emr.UpdateApplication$, (input) => ({
    application: applicationDetails(applications.update(input), names),
  })),
  operation<emr.StartApplicationRequest, emr.StartApplicationResponse>(emr.StartApplication$, (input) => {
    applications.start(input.applicationId);
    return {};
  }),
  operation<emr.StopApplicationRequest, emr.StopApplicationResponse>(emr.StopApplication$, (input) => {
    applications.stop(input.applicationId);
    return {};
  }),
  operation<emr.DeleteApplicationRequest, emr.DeleteApplicationResponse>(emr.DeleteApplication$, (input) => {
    applications.delete(input.applicationId);
    return {};
  }),
];

const jobRunOperations = ({ jobRuns, logFolder }: Parts) => [
  operation<emr.StartJobRunRequest, emr.StartJobRunResponse>(emr.StartJobRun$, (input) => jobRuns.start(input)),
  operation<emr.GetJobRunRequest, emr.GetJobRunResponse>(emr.GetJobRun$, (input) => ({
    jobRun: jobRuns.get(input),
  })),
  operation<emr.ListJobRunsRequest, emr.ListJobRunsResponse>(emr.ListJobRuns$, (input) => jobRuns.list(input)),
  operation<emr.ListJobRunAttemptsRequest, emr.ListJobRunAttemptsResponse>(emr.ListJobRunAttempts$, (input) =>
    jobRuns.listAttempts(input),
  ),
  operation<emr.CancelJobRunRequest, emr.CancelJobRunResponse>(emr.CancelJobRun$, (input) => {
    jobRuns.cancel(input);
    return { applicationId: input.applicationId, jobRunId: input.jobRunId };
  }),
  // There is no Spark UI here: the nearest thing to a run's dashboard is the folder with its logs.
  operation<emr.GetDashboardForJobRunRequest, emr.GetDashboardForJobRunResponse>(
    emr.GetDashboardForJobRun$,
    ({ applicationId, jobRunId, attempt }) => {
      const run = jobRuns.find(applicationId, jobRunId);
      return { url: pathToFileURL(logFolder(run, attempt ?? run.attempts.length)).href };
    },
  ),
];

const tagOperations = ({ tags }: Parts) => [
  operation<emr.ListTagsForResourceRequest, emr.ListTagsForResourceResponse>(
    emr.ListTagsForResource$,
    ({ resourceArn }) => ({ tags: tags.list(resourceArn) }),
  ),
  operation<emr.TagResourceRequest, emr.TagResourceResponse>(emr.TagResource$, (input) => {
    tags.add(input.resourceArn, input.tags);
    return {};
  }),
  operation<emr.UntagResourceRequest, emr.UntagResourceResponse>(emr.UntagResource$, (input) => {
    tags.remove(input.resourceArn, input.tagKeys);
    return {};
  }),
];

/** All operations that this server has. */
export const operationsOf = (parts: Parts) => [
  ...applicationOperations(parts),
  ...jobRunOperations(parts),
  ...tagOperations(parts),
];
