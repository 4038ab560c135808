import type {
  CancelStatementRequest,
  CancelStatementResponse,
  DescribeStatementRequest,
  DescribeStatementResponse,
  ListStatementsRequest,
  ListStatementsResponse,
  SubStatementData,
} from '@aws-sdk/client-redshift-data';
import type { RequestContext } from '../../wire/index.ts';
import { isFinal } from '../engine/statement.ts';
import type { Query, Statement } from '../engine/statement.ts';
import { invalid } from './faults.ts';
import { findStatement, pageOf, pageSize, queryIdOf } from './service.ts';
import type { Service } from './service.ts';

const LIST_LIMIT = 100;

/** DescribeStatement: with WaitTimeSeconds, answers when the statement has ended or the time is over. */
export async function describeStatement(
  service: Service,
  input: DescribeStatementRequest,
  context: RequestContext,
): Promise<DescribeStatementResponse> {
  const publicId = input.Id ?? '';
  const { statement: found } = findStatement(service, publicId);
  if (input.WaitTimeSeconds !== undefined) {
    await service.store.waitUntilFinal(found.id, input.WaitTimeSeconds * 1000, context.signal);
  }
  const { statement, index } = findStatement(service, publicId);
  const query = index === undefined ? undefined : statement.queries[index];
  return query === undefined ? describeWhole(statement) : describeQuery(statement, query, publicId);
}

function describeWhole(statement: Statement): DescribeStatementResponse {
  const last = statement.queries.at(-1);
  const single = statement.isBatch ? undefined : last;
  return {
    ...common(statement),
    Id: statement.id,
    Status: statement.status,
    UpdatedAt: new Date(statement.updatedAt),
    Duration: statement.durationNs,
    HasResultSet: statement.queries.some((query) => query.columns !== undefined),
    // The service gives a batch the figures of its last query.
    ResultRows: last?.resultRows ?? -1,
    ResultSize: last?.resultSizeBytes ?? -1,
    RedshiftQueryId: single?.queryId ?? 0,
    ...(statement.error === undefined ? {} : { Error: statement.error }),
    ...(single === undefined ? {} : { QueryString: single.sql }),
    ...(statement.parameters.length === 0 ? {} : { QueryParameters: [...statement.parameters] }),
    ...(statement.isBatch ? { SubStatements: statement.queries.map((query) => subStatement(statement, query)) } : {}),
    ...(statement.isBatch ? { ExecutionMode: statement.autoCommit ? 'AUTO_COMMIT' : 'TRANSACTION' } : {}),
  };
}

function describeQuery(statement: Statement, query: Query, publicId: string): DescribeStatementResponse {
  const { QueryString, ...rest } = subStatement(statement, query);
  return { ...common(statement), ...rest, Id: publicId, ...(QueryString === undefined ? {} : { QueryString }) };
}

function common(statement: Statement): Omit<DescribeStatementResponse, 'Id'> {
  return {
    CreatedAt: new Date(statement.createdAt),
    Database: statement.database,
    DbUser: statement.dbUser,
    RedshiftPid: statement.redshiftPid,
    ResultFormat: statement.resultFormat,
    ...(statement.clusterIdentifier === undefined ? {} : { ClusterIdentifier: statement.clusterIdentifier }),
    ...(statement.workgroupName === undefined ? {} : { WorkgroupName: statement.workgroupName }),
    ...(statement.secretArn === undefined ? {} : { SecretArn: statement.secretArn }),
    ...(statement.sessionId === undefined ? {} : { SessionId: statement.sessionId }),
  };
}

function subStatement(statement: Statement, query: Query): SubStatementData {
  return {
    Id: queryIdOf(statement, query),
    Status: query.status,
    CreatedAt: new Date(statement.createdAt),
    UpdatedAt: new Date(query.updatedAt),
    Duration: query.durationNs,
    HasResultSet: query.columns !== undefined,
    QueryString: query.sql,
    RedshiftQueryId: query.queryId,
    ResultRows: query.resultRows,
    ResultSize: query.resultSizeBytes,
    ...(query.error === undefined ? {} : { Error: query.error }),
  };
}

/** ListStatements: newest first; only FINISHED ones unless a status is asked for. */
export function listStatements(service: Service, input: ListStatementsRequest): ListStatementsResponse {
  if (input.ClusterIdentifier !== undefined && input.WorkgroupName !== undefined) {
    throw invalid('ClusterIdentifier and WorkgroupName cannot both be given.');
  }
  const wanted = input.Status ?? 'FINISHED';
  const found = service.store
    .list()
    .filter((statement) => wanted === 'ALL' || statement.status === wanted)
    .filter((statement) => (statement.name ?? '').startsWith(input.StatementName ?? ''))
    .filter((statement) => same(input.Database, statement.database))
    .filter((statement) => same(input.WorkgroupName, statement.workgroupName))
    .filter((statement) => same(input.ClusterIdentifier, statement.clusterIdentifier));
  const page = pageOf(found, input.NextToken, pageSize(input.MaxResults, LIST_LIMIT));
  return {
    Statements: page.items.map(listed),
    ...(page.nextToken === undefined ? {} : { NextToken: page.nextToken }),
  };
}

function same(wanted: string | undefined, actual: string | undefined): boolean {
  return wanted === undefined || wanted === actual;
}

function listed(statement: Statement): NonNullable<ListStatementsResponse['Statements']>[number] {
  const sqls = statement.queries.map((query) => query.sql);
  return {
    Id: statement.id,
    Status: statement.status,
    CreatedAt: new Date(statement.createdAt),
    UpdatedAt: new Date(statement.updatedAt),
    IsBatchStatement: statement.isBatch,
    ResultFormat: statement.resultFormat,
    ...(statement.isBatch ? { QueryStrings: sqls } : { QueryString: sqls[0] ?? '' }),
    ...(statement.name === undefined ? {} : { StatementName: statement.name }),
    ...(statement.secretArn === undefined ? {} : { SecretArn: statement.secretArn }),
    ...(statement.sessionId === undefined ? {} : { SessionId: statement.sessionId }),
    ...(statement.parameters.length === 0 ? {} : { QueryParameters: [...statement.parameters] }),
  };
}

/** CancelStatement: stops what runs; the statement is ABORTED once its work has been rolled back. */
export function cancelStatement(service: Service, input: CancelStatementRequest): CancelStatementResponse {
  const { statement, index } = findStatement(service, input.Id ?? '');
  if (index !== undefined) throw invalid('One statement of a batch cannot be cancelled: cancel the batch.');
  if (isFinal(statement.status) || !service.engine.cancel(statement.id)) {
    const status = isFinal(statement.status) ? statement.status : 'FINISHED';
    throw invalid(`Could not cancel a query that is already in ${status} state with ID: ${statement.id}.`);
  }
  return { Status: true };
}
