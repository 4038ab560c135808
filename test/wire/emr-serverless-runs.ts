import {
  CreateApplicationCommand,
  StartJobRunCommand,
  type StartJobRunCommandInput,
} from '@aws-sdk/client-emr-serverless';
import { roleArn, type Service } from './emr-serverless-service.ts';

/** An application, made for one test; gives its id. */
export const createApplication = async (service: Service, settings: object = {}): Promise<string> => {
  const command = new CreateApplicationCommand({ type: 'SPARK', releaseLabel: 'emr-spark-8.0.0', ...settings });
  const { applicationId } = await service.client.send(command);
  return applicationId!;
};

/** A run of a script that no test starts. */
export const runRequest = (
  applicationId: string,
  changes: Partial<StartJobRunCommandInput> = {},
): StartJobRunCommandInput => ({
  applicationId,
  executionRoleArn: roleArn,
  jobDriver: { sparkSubmit: { entryPoint: 's3://bucket/main.py' } },
  ...changes,
});

export const startRun = async (
  service: Service,
  applicationId: string,
  changes: Partial<StartJobRunCommandInput> = {},
): Promise<string> => {
  const { jobRunId } = await service.client.send(new StartJobRunCommand(runRequest(applicationId, changes)));
  return jobRunId!;
};

export const startRunWith = (service: Service, applicationId: string, sparkSubmitParameters: string): Promise<string> =>
  startRun(service, applicationId, {
    jobDriver: { sparkSubmit: { entryPoint: 's3://bucket/main.py', sparkSubmitParameters } },
  });
