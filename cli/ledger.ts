import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { RedshiftDataClient } from '@aws-sdk/client-redshift-data';
import { S3Client } from '@aws-sdk/client-s3';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { z } from 'zod';
import { explainInterval } from '../activities/ledger/explain.ts';
import { Ledger } from '../activities/ledger/ledger.ts';
import { orchestratorOf } from '../activities/ledger/orchestrator.ts';
import { builtProducts, type SurveyedInterval, surveyProduct } from '../activities/ledger/survey.ts';
import { type LedgerSources, productsAhead, rebuildLedger } from '../activities/rebuilt-ledger.ts';
import { type Catalogue, loadCatalogue } from '../products/catalogue.ts';
import { type IntervalRange, shiftInterval } from '../workflows/intervals.ts';
import { withTemporal } from './temporal.ts';

const environmentSchema = z.object({
  TIDELINE_LEDGER_TABLE: z.string().min(3),
  TIDELINE_LAKE_BUCKET: z.string().min(3),
  REDSHIFT_WORKGROUP: z.string().optional(),
  REDSHIFT_DATABASE: z.string().optional(),
});

export type Environment = Readonly<Record<string, string | undefined>>;

/** How many dates `lake status` shows when it is not told from when. */
const shownDates = 7;

export function parseEnvironment(environment: Environment): z.infer<typeof environmentSchema> {
  const parsed = environmentSchema.safeParse(environment);
  if (parsed.success) return parsed.data;
  throw new Error(
    `The environment is not complete:\n${z.prettifyError(parsed.error)}\nOn this machine, start the platform first: npm start`,
  );
}

export const openLedger = (table: string): Ledger =>
  new Ledger(DynamoDBDocumentClient.from(new DynamoDBClient()), table);

/** Every interval of every built product on dates [from, to); by default the newest week that the ledger knows. */
export async function survey(
  ledger: Ledger,
  catalogue: Catalogue,
  range: { readonly from?: string | undefined; readonly to?: string | undefined },
): Promise<{ dates: IntervalRange; intervals: SurveyedInterval[] }> {
  const products = builtProducts(catalogue);
  const newest = async (): Promise<string> => {
    const records = await Promise.all(products.map(({ key }) => ledger.newest(key, 1)));
    const date = records
      .flat()
      .map(({ interval }) => interval.slice(0, 10))
      .sort()
      .at(-1);
    if (date === undefined)
      throw new Error('The ledger is empty: nothing has been built yet. Say which dates: --from, --to.');
    return shiftInterval('date', date, 1);
  };
  const end = range.to ?? (await newest());
  const dates = { start: range.from ?? shiftInterval('date', end, -shownDates), end };
  const intervals = await Promise.all(
    products.map((product) => {
      const hours = { start: `${dates.start}T00`, end: `${dates.end}T00` };
      return surveyProduct(ledger, catalogue, product, product.grain === 'hour' ? hours : dates);
    }),
  );
  return { dates, intervals: intervals.flat() };
}

export async function status(
  environment: Environment,
  range: { readonly from?: string | undefined; readonly to?: string | undefined },
): Promise<Awaited<ReturnType<typeof survey>>> {
  return survey(openLedger(parseEnvironment(environment).TIDELINE_LEDGER_TABLE), loadCatalogue(), range);
}

/** Why an interval is as it is, in one paragraph. */
export async function explain(environment: Environment, product: string, interval: string): Promise<string> {
  const ledger = openLedger(parseEnvironment(environment).TIDELINE_LEDGER_TABLE);
  return withTemporal((client) => explainInterval(ledger, loadCatalogue(), orchestratorOf(client), product, interval));
}

export async function rebuildLedgerFrom(
  environment: Environment,
  onProgress: (product: string, builds: number) => void,
): Promise<void> {
  const {
    TIDELINE_LEDGER_TABLE: table,
    TIDELINE_LAKE_BUCKET: bucket,
    REDSHIFT_WORKGROUP: workgroup,
    REDSHIFT_DATABASE: database,
  } = parseEnvironment(environment);
  const warehouse = workgroup && database ? { client: new RedshiftDataClient(), workgroup, database } : null;
  const client = new S3Client({ forcePathStyle: true });
  await rebuildLedger({ ledger: openLedger(table), client, bucket, catalogue: loadCatalogue(), warehouse }, onProgress);
}

/** Makes the ledger anew where it is older than the tables, and tells that: the local one keeps what a clean stop has saved. */
export async function recoverLedger(sources: LedgerSources, tell: (text: string) => void): Promise<void> {
  const ahead = await productsAhead(sources);
  if (ahead.length === 0) return;
  await rebuildLedger(sources, () => undefined);
  tell(`The ledger was older than ${ahead.join(', ')}, as after a power cut: made anew from the tables`);
}
