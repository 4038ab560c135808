import { z } from 'zod';

const port = z.coerce.number().int().min(0).max(65_535);
const count = z.coerce.number().int().min(1);

const environment = z.object({
  REDSHIFT_DATA_PORT: port.default(0),
  REDSHIFT_DATA_POSTGRES_PORT: port.default(0),
  REDSHIFT_DATA_DIR: z.string().min(1),
  REDSHIFT_DATA_WORKGROUP: z.string().min(3).default('tideline'),
  REDSHIFT_DATA_DATABASE: z
    .string()
    .regex(/^[a-z_][a-z0-9_]*$/, 'lower case letters, digits and underscores')
    .default('lakehouse'),
  REDSHIFT_DATA_ROLES: z.string().default(''),
  REDSHIFT_DATA_MAX_ACTIVE: count.default(500),
  REDSHIFT_DATA_CONCURRENCY: count.default(8),
  AWS_ENDPOINT_URL_S3: z.url().optional(),
  AWS_ENDPOINT_URL: z.url().optional(),
  AWS_REGION: z.string().default('us-east-1'),
});

/** Settings of the process; the only place that reads the environment. */
export interface Config {
  readonly apiPort: number;
  readonly postgresPort: number;
  readonly dataDir: string;
  readonly workgroup: string;
  readonly database: string;
  /** Access keys whose callers are IAM roles of that name; all others own what there is. */
  readonly roles: readonly string[];
  readonly maxActiveStatements: number;
  readonly concurrency: number;
  readonly s3Endpoint: string | undefined;
  readonly region: string;
}

/** Reads the settings; reports every wrong variable at once, by name. */
export function readConfig(variables: NodeJS.ProcessEnv): Config {
  const parsed = environment.safeParse(variables);
  if (!parsed.success) throw new Error(`Wrong environment of redshift-data:\n${z.prettifyError(parsed.error)}`);
  const values = parsed.data;
  return Object.freeze({
    apiPort: values.REDSHIFT_DATA_PORT,
    postgresPort: values.REDSHIFT_DATA_POSTGRES_PORT,
    dataDir: values.REDSHIFT_DATA_DIR,
    workgroup: values.REDSHIFT_DATA_WORKGROUP,
    database: values.REDSHIFT_DATA_DATABASE,
    roles: values.REDSHIFT_DATA_ROLES.split(',').filter((role) => role !== ''),
    maxActiveStatements: values.REDSHIFT_DATA_MAX_ACTIVE,
    concurrency: values.REDSHIFT_DATA_CONCURRENCY,
    s3Endpoint: values.AWS_ENDPOINT_URL_S3 ?? values.AWS_ENDPOINT_URL,
    region: values.AWS_REGION,
  });
}
