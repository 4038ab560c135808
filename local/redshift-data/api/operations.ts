import * as sdk from '@aws-sdk/client-redshift-data';
import { operation } from '../../wire/index.ts';
import { describeTable, listDatabases, listSchemas, listTables } from './catalog.ts';
import { cancelStatement, describeStatement, listStatements } from './describe.ts';
import { getStatementResult, getStatementResultV2 } from './result.ts';
import type { Service } from './service.ts';
import { batchExecuteStatement, executeStatement } from './submit.ts';

/** The operations of the service; the wire server refuses every other one by its name. */
export function operations(service: Service): ReturnType<typeof operation>[] {
  return [
    operation<sdk.ExecuteStatementInput, sdk.ExecuteStatementOutput>(sdk.ExecuteStatement$, (input, context) =>
      executeStatement(service, input, context),
    ),
    operation<sdk.BatchExecuteStatementInput, sdk.BatchExecuteStatementOutput>(
      sdk.BatchExecuteStatement$,
      (input, context) => batchExecuteStatement(service, input, context),
    ),
    operation<sdk.DescribeStatementRequest, sdk.DescribeStatementResponse>(sdk.DescribeStatement$, (input, context) =>
      describeStatement(service, input, context),
    ),
    operation<sdk.GetStatementResultRequest, sdk.GetStatementResultResponse>(
      sdk.GetStatementResult$,
      (input, context) => getStatementResult(service, input, context),
    ),
    operation<sdk.GetStatementResultV2Request, sdk.GetStatementResultV2Response>(
      sdk.GetStatementResultV2$,
      (input, context) => getStatementResultV2(service, input, context),
    ),
    operation<sdk.ListStatementsRequest, sdk.ListStatementsResponse>(sdk.ListStatements$, (input) =>
      listStatements(service, input),
    ),
    operation<sdk.CancelStatementRequest, sdk.CancelStatementResponse>(sdk.CancelStatement$, (input) =>
      cancelStatement(service, input),
    ),
    operation<sdk.ListDatabasesRequest, sdk.ListDatabasesResponse>(sdk.ListDatabases$, (input) =>
      listDatabases(service, input),
    ),
    operation<sdk.ListSchemasRequest, sdk.ListSchemasResponse>(sdk.ListSchemas$, (input) =>
      listSchemas(service, input),
    ),
    operation<sdk.ListTablesRequest, sdk.ListTablesResponse>(sdk.ListTables$, (input) => listTables(service, input)),
    operation<sdk.DescribeTableRequest, sdk.DescribeTableResponse>(sdk.DescribeTable$, (input) =>
      describeTable(service, input),
    ),
  ];
}
