import type { StartJobRunRequest } from '@aws-sdk/client-emr-serverless';
import { releasePaths } from './release-files.ts';
import { parseSubmitParameters } from './submit-parameters.ts';

const DRIVER_ENVIRONMENT = 'spark.emr-serverless.driverEnv.';

/** What a run asks Spark to do, as the request says it: nothing is fetched or resolved yet. */
export interface SparkJobPlan {
  readonly entryPoint: string;
  readonly arguments: readonly string[];
  readonly mainClass: string | undefined;
  /** Objects in S3, and files of the release by their paths there. */
  readonly pyFiles: readonly string[];
  readonly jars: readonly string[];
  /** The run's own settings, without those that the members above hold. */
  readonly conf: Readonly<Record<string, string>>;
  readonly environment: Readonly<Record<string, string>>;
  readonly logUri: string | undefined;
}

const withoutScheme = (path: string): string => path.replace(/^(local|file):\/*(?=\/)/, '');

const listOf = (text: string | undefined): string[] =>
  (text ?? '')
    .split(',')
    .filter((item) => item !== '')
    .map(withoutScheme);

export const isS3 = (uri: string): boolean => /^s3a?:\/\/[^/]+\/.+/.test(uri);

const sparkDefaults = (request: StartJobRunRequest): Record<string, string> => {
  const classifications = request.configurationOverrides?.applicationConfiguration ?? [];
  return Object.assign(
    {},
    ...classifications.map(({ classification, properties }) => {
      if (classification === 'spark-defaults') return properties ?? {};
      throw new Error(`configuration classification ${classification ?? ''} is not supported by this local server`);
    }),
  ) as Record<string, string>;
};

/** Reads a request into a plan. Throws where the request asks for what this server does not have. */
export const planJob = (request: StartJobRunRequest): SparkJobPlan => {
  const submit = request.jobDriver?.sparkSubmit;
  if (submit?.entryPoint === undefined) throw new Error('jobDriver.sparkSubmit is required');
  const { mainClass, conf: parameters } = parseSubmitParameters(submit.sparkSubmitParameters ?? '');
  const merged = { ...sparkDefaults(request), ...parameters };
  const { 'spark.jars': jars, 'spark.submit.pyFiles': pyFiles, ...settings } = merged;
  const conf: Record<string, string> = {};
  const environment: Record<string, string> = {};
  for (const [key, value] of Object.entries(settings)) {
    if (key.startsWith(DRIVER_ENVIRONMENT)) environment[key.slice(DRIVER_ENVIRONMENT.length)] = value;
    else conf[key] = value;
  }
  for (const unsupported of ['spark.archives', 'spark.jars.packages']) {
    if (unsupported in conf) throw new Error(`${unsupported} is not supported by this local server`);
  }
  const plan: SparkJobPlan = {
    entryPoint: submit.entryPoint,
    arguments: submit.entryPointArguments ?? [],
    mainClass,
    pyFiles: listOf(pyFiles),
    jars: listOf(jars),
    conf,
    environment,
    logUri: request.configurationOverrides?.monitoringConfiguration?.s3MonitoringConfiguration?.logUri,
  };
  const foreign = [plan.entryPoint, ...plan.pyFiles, ...plan.jars].find(
    (uri) => !isS3(uri) && !releasePaths.includes(uri),
  );
  if (foreign !== undefined) throw new Error(`${foreign} is neither an object in S3 nor a file of the release`);
  return plan;
};

/** Whether the entry point runs in Python; otherwise it is a jar. */
export const isPython = (plan: SparkJobPlan): boolean => plan.entryPoint.endsWith('.py');
