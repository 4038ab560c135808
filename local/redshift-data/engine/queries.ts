import type pg from 'pg';
import { copyFromS3 } from '../load/copy.ts';
import type { ObjectStore } from '../load/object-store.ts';
import { unloadToS3 } from '../load/unload.ts';
import type { Plan } from '../sql/translate.ts';
import { describeColumns, paginate, TEXT_ONLY } from './results.ts';
import type { Row } from './results.ts';
import type { Query, Statement } from './statement.ts';
import type { StatementStore } from './store.ts';

export interface QueryContext {
  readonly client: pg.Client;
  readonly store: StatementStore;
  readonly objects: ObjectStore;
  readonly signal: AbortSignal;
}

/** Runs one query of a statement and keeps its rows; the caller owns the transaction. */
export async function runQuery(context: QueryContext, statement: Statement, index: number, plan: Plan): Promise<void> {
  const query = statement.queries[index];
  if (query === undefined) throw new Error(`Statement ${statement.id} has no query ${index}`);
  const { client, objects, signal } = context;
  switch (plan.kind) {
    case 'copy':
      query.resultRows = await copyFromS3(client, objects, plan.command, signal);
      return;
    case 'unload':
      query.resultRows = await unloadToS3(client, objects, plan.command, plan.sql, signal);
      return;
    case 'alone':
      await client.query(plan.sql);
      return;
    case 'query': {
      const values = plan.parameters.map((name) => parameterValue(statement, name));
      const result = await client.query<Row>({ text: plan.sql, values, rowMode: 'array', types: TEXT_ONLY });
      query.resultRows = result.rowCount ?? 0;
      if (result.fields.length > 0) await keepRows(context, { statement, query, index }, result);
    }
  }
}

async function keepRows(
  context: QueryContext,
  place: { statement: Statement; query: Query; index: number },
  result: pg.QueryArrayResult<Row>,
): Promise<void> {
  const { pages, sizeBytes } = paginate(result.rows);
  place.query.columns = await describeColumns(context.client, result.fields);
  place.query.resultSizeBytes = sizeBytes;
  for (const [page, records] of pages.entries()) {
    await context.store.writePage(context.client, { id: place.statement.id, query: place.index + 1, page }, records);
  }
}

function parameterValue(statement: Statement, name: string): string {
  const parameter = statement.parameters.find((candidate) => candidate.name === name);
  if (parameter === undefined) throw new Error(`The parameter :${name} has no value`);
  return parameter.value;
}
