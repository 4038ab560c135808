import type {
  GetStatementResultRequest,
  GetStatementResultResponse,
  GetStatementResultV2Response,
} from '@aws-sdk/client-redshift-data';
import type { RequestContext } from '../../wire/index.ts';
import type { Row } from '../engine/results.ts';
import type { Column } from '../engine/statement.ts';
import { invalid, notFound } from './faults.ts';
import { columnMetadata, csvOf, fieldOf } from './fields.ts';
import { findStatement, readToken, writeToken } from './service.ts';
import type { Service } from './service.ts';

/** GetStatementResult: one page of rows with a typed field for each value. */
export async function getStatementResult(
  service: Service,
  input: GetStatementResultRequest,
  context: RequestContext,
): Promise<GetStatementResultResponse> {
  const { columns, rows, ...rest } = await readResult(service, input, 'JSON', context);
  const fields = (row: Row): ReturnType<typeof fieldOf>[] =>
    columns.map((column, index) => fieldOf(column, row[index] ?? null));
  return { ...rest, Records: rows.map(fields), ColumnMetadata: columns.map(columnMetadata) };
}

/** GetStatementResultV2: one page of rows as CSV text without a header. */
export async function getStatementResultV2(
  service: Service,
  input: GetStatementResultRequest,
  context: RequestContext,
): Promise<GetStatementResultV2Response> {
  const { columns, rows, ...rest } = await readResult(service, input, 'CSV', context);
  return {
    ...rest,
    Records: [{ CSVRecords: csvOf(rows) }],
    ColumnMetadata: columns.map(columnMetadata),
    ResultFormat: 'CSV',
  };
}

interface ResultPage {
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
  readonly TotalNumRows: number;
  readonly NextToken?: string;
}

async function readResult(
  service: Service,
  input: GetStatementResultRequest,
  format: 'JSON' | 'CSV',
  context: RequestContext,
): Promise<ResultPage> {
  const publicId = input.Id ?? '';
  const { statement: found } = findStatement(service, publicId);
  if (input.WaitTimeSeconds !== undefined) {
    await service.store.waitUntilFinal(found.id, input.WaitTimeSeconds * 1000, context.signal);
  }
  const { statement, index } = findStatement(service, publicId);
  if (statement.resultFormat !== format) {
    throw invalid(`The statement has the result format ${statement.resultFormat}, not ${format}.`);
  }
  if (statement.isBatch && index === undefined) {
    throw invalid(`${publicId} is a batch: ask for the result of one of its statements, such as ${publicId}:1.`);
  }
  const query = statement.queries[index ?? 0];
  if (query?.status !== 'FINISHED' || query.columns === undefined) {
    throw notFound('Query does not have result. Please check query status with DescribeStatement.', publicId);
  }
  const page = input.NextToken === undefined ? 0 : readToken(input.NextToken);
  const number = (index ?? 0) + 1;
  const rows = await service.store.readPage(statement.id, number, page);
  if (rows === undefined && page > 0) throw invalid('NextToken is not one that this service gave.');
  const more = await service.store.hasPage(statement.id, number, page + 1);
  return {
    columns: query.columns,
    rows: rows ?? [],
    TotalNumRows: query.resultRows,
    ...(more ? { NextToken: writeToken(page + 1) } : {}),
  };
}
