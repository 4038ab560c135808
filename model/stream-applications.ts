/** A Flink application that reads the stream: what is the same of it wherever it runs. */
export interface StreamApplication {
  /** Also of its folder in flink-jobs/, and of its jar. */
  readonly name: string;
  readonly description: string;
  /** Folders of the lake into which it writes. */
  readonly folders: readonly string[];
  /** The table of DynamoDB into which it writes for lookup, by `geo_zone`. */
  readonly lookupTable?: string;
}

/** One for each folder of flink-jobs/ that has a jar. */
export const streamApplications: readonly StreamApplication[] = [
  {
    name: 'trip-sessions',
    description: 'Trips minutes after their end, from events of the stream',
    folders: ['streaming/trips', 'streaming/quarantine'],
  },
  {
    name: 'surge-pricing',
    description: 'Surge of each zone, by five minutes, from requests and available drivers',
    folders: ['streaming/surge'],
    lookupTable: 'surge-zones',
  },
];

/** How many subtasks share a KPU, which has one core and 4 GB: they wait for the network more than they compute. */
export const subtasksPerKpu = 3;

/** The group of properties that its job reads (flink-jobs/README.md). */
export const propertyGroup = 'tideline';

/** Where its logs go; of that group the one stream. */
export const applicationLogGroup = (name: string): string => `/aws/managed-flink/${name}`;
export const applicationLogStream = 'job';

/** The workflow that keeps an application running. */
export const supervisionId = (application: string): string => `supervise/${application}`;

/** By what a table for lookup is asked, and the attribute (seconds since 1970) after which DynamoDB deletes an item. */
export const lookupKey = 'geo_zone';
export const lookupExpiry = 'expires_at';
