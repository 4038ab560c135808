import {
  DescribeStatementCommand,
  ExecuteStatementCommand,
  type Field,
  paginateGetStatementResult,
  type RedshiftDataClient,
  type SqlParameter,
} from '@aws-sdk/client-redshift-data';
import { DateTime } from 'luxon';
import { meaningOf } from './states.ts';

export interface Warehouse {
  readonly client: RedshiftDataClient;
  readonly workgroup: string;
  readonly database: string;
  /** Of its administrator, who makes what others use; without it statements run as the role of whoever asks. */
  readonly secretArn?: string;
}

/** Where, and as whom, a call runs its statements. */
export const placeOf = ({ workgroup, database, secretArn }: Warehouse) => ({
  WorkgroupName: workgroup,
  Database: database,
  ...(secretArn !== undefined && { SecretArn: secretArn }),
});

export type Value = string | number | boolean | null;

/** Waits for a statement's end. Throws an Error with the warehouse's reason unless it did its work. */
export async function finished({ client }: Warehouse, id: string | undefined, what: string): Promise<void> {
  for (;;) {
    const answer = await client.send(new DescribeStatementCommand({ Id: id, WaitTimeSeconds: 20 }));
    const { meaning } = meaningOf(answer.Status, answer.Error);
    if (meaning === 'done') return;
    if (meaning !== 'wait')
      throw new Error(`${what} ended as ${answer.Status ?? 'unknown'}: ${answer.Error ?? 'no reason given'}`);
  }
}

const valueOf = (field: Field): Value =>
  field.isNull ? null : (field.stringValue ?? field.longValue ?? field.doubleValue ?? field.booleanValue ?? null);

/** A time of the warehouse, in UTC, as ISO-8601. Throws an Error for what is none. */
export function instant(text: string): string {
  const at = DateTime.fromSQL(text, { zone: 'utc' });
  if (!at.isValid) throw new Error(`"${text}" is no time of the warehouse`);
  return at.toJSDate().toISOString();
}

/** The rows of a query, column by name. */
export async function query(
  warehouse: Warehouse,
  sql: string,
  parameters: Readonly<Record<string, string>> = {},
): Promise<Record<string, Value>[]> {
  const { client } = warehouse;
  const named: SqlParameter[] = Object.entries(parameters).map(([name, value]) => ({ name, value }));
  const { Id } = await client.send(
    new ExecuteStatementCommand({
      ...placeOf(warehouse),
      Sql: sql,
      ...(named.length > 0 && { Parameters: named }),
    }),
  );
  await finished(warehouse, Id, sql);
  const rows: Record<string, Value>[] = [];
  for await (const page of paginateGetStatementResult({ client }, { Id })) {
    const columns = (page.ColumnMetadata ?? []).map((column) => column.name ?? '');
    for (const record of page.Records ?? []) {
      rows.push(Object.fromEntries(record.map((field, index) => [columns[index] ?? '', valueOf(field)])));
    }
  }
  return rows;
}
