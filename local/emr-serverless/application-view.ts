import type { Application, ApplicationSummary } from '@aws-sdk/client-emr-serverless';
import type { Names } from './identity.ts';
import type { ApplicationRecord } from './records.ts';

const DEFAULT_IDLE_TIMEOUT_MINUTES = 15;

const common = (record: ApplicationRecord, names: Names) => ({
  arn: names.application(record.id),
  ...(record.settings.name === undefined ? {} : { name: record.settings.name }),
  releaseLabel: record.settings.releaseLabel,
  type: 'Spark',
  state: record.state,
  stateDetails: record.stateDetails,
  architecture: record.settings.architecture ?? 'X86_64',
  createdAt: new Date(record.createdAtMs),
  updatedAt: new Date(record.updatedAtMs),
});

export const applicationSummary = (record: ApplicationRecord, names: Names): ApplicationSummary => ({
  id: record.id,
  ...common(record, names),
});

/** An application as the service shows it: its settings, with the service's defaults filled in. */
export const applicationDetails = (record: ApplicationRecord, names: Names): Application => {
  const { initialCapacity, maximumCapacity, networkConfiguration, runtimeConfiguration, monitoringConfiguration } =
    record.settings;
  const { interactiveConfiguration, schedulerConfiguration } = record.settings;
  return {
    applicationId: record.id,
    ...common(record, names),
    tags: record.tags,
    autoStartConfiguration: { enabled: record.settings.autoStartConfiguration?.enabled ?? true },
    autoStopConfiguration: {
      enabled: record.settings.autoStopConfiguration?.enabled ?? true,
      idleTimeoutMinutes: record.settings.autoStopConfiguration?.idleTimeoutMinutes ?? DEFAULT_IDLE_TIMEOUT_MINUTES,
    },
    initialCapacity,
    maximumCapacity,
    networkConfiguration,
    runtimeConfiguration,
    monitoringConfiguration,
    interactiveConfiguration,
    schedulerConfiguration,
  };
};
