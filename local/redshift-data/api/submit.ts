import { createHash, randomUUID } from 'node:crypto';
import type {
  BatchExecuteStatementInput,
  BatchExecuteStatementOutput,
  ExecuteStatementInput,
  ExecuteStatementOutput,
} from '@aws-sdk/client-redshift-data';
import type { RequestContext } from '../../wire/index.ts';
import type { Session } from '../engine/sessions.ts';
import { ADMIN } from '../postgres/cluster.ts';
import { isFinal } from '../engine/statement.ts';
import type { Query, Statement } from '../engine/statement.ts';
import { parametersOf } from '../sql/translate.ts';
import { UnsupportedSqlError } from '../sql/tokens.ts';
import { invalid, notFound, tooManySessions, tooManyStatements } from './faults.ts';
import { checkTarget } from './service.ts';
import type { Service } from './service.ts';

/** The service's limit on the text of one statement. */
const STATEMENT_BYTES = 100 * 1024;
/** Each open session holds one of PostgreSQL's connections. */
const MAX_SESSIONS = 100;

type Request = Omit<BatchExecuteStatementInput, 'Sqls'>;

/** ExecuteStatement: answers at once, or after WaitTimeSeconds, while the statement runs on its own. */
export async function executeStatement(
  service: Service,
  input: ExecuteStatementInput,
  context: RequestContext,
): Promise<ExecuteStatementOutput> {
  const { Sql, ...request } = input;
  return submit(service, { sqls: [Sql ?? ''], isBatch: false, request }, context);
}

/** BatchExecuteStatement: one transaction, unless ExecutionMode says otherwise. */
export async function batchExecuteStatement(
  service: Service,
  input: BatchExecuteStatementInput,
  context: RequestContext,
): Promise<BatchExecuteStatementOutput> {
  const { Sqls, ...request } = input;
  return submit(service, { sqls: Sqls ?? [], isBatch: true, request }, context);
}

interface Submission {
  readonly sqls: readonly string[];
  readonly isBatch: boolean;
  readonly request: Request;
}

async function submit(
  service: Service,
  submission: Submission,
  context: RequestContext,
): Promise<ExecuteStatementOutput> {
  const { request } = submission;
  const session = findSession(service, request);
  if (session === undefined) checkTarget(service, request);
  checkSql(submission);
  const statement = newStatement(service, submission, session, context.accessKeyId);
  const earlier = request.ClientToken === undefined ? undefined : service.store.findByClientToken(request.ClientToken);
  if (earlier !== undefined && earlier.requestHash !== statement.requestHash) {
    throw invalid(`ClientToken ${request.ClientToken ?? ''} was used for another request.`);
  }
  if (earlier === undefined) await start(service, statement, request, session);
  const accepted = earlier ?? statement;
  const waitMs = (request.WaitTimeSeconds ?? 0) * 1000;
  if (waitMs > 0) await service.store.waitUntilFinal(accepted.id, waitMs, context.signal);
  return answer(service.store.find(accepted.id) ?? accepted);
}

async function start(service: Service, statement: Statement, request: Request, session?: Session): Promise<void> {
  const limit = service.maxActiveStatements;
  if (service.store.activeCount() >= limit) throw tooManyStatements(limit);
  if (session?.busy === true) {
    throw invalid(`Session ${session.id} is not available: it runs another statement.`);
  }
  if (session === undefined) {
    if (statement.sessionId !== undefined && service.engine.sessions.count >= MAX_SESSIONS) {
      throw tooManySessions(MAX_SESSIONS);
    }
    await service.engine.submit(statement, { keepAliveSeconds: request.SessionKeepAliveSeconds ?? 0 });
    return;
  }
  session.busy = true;
  session.keepAliveSeconds = request.SessionKeepAliveSeconds ?? session.keepAliveSeconds;
  await service.engine.submit(statement, { session });
}

function findSession(service: Service, request: Request): Session | undefined {
  if (request.SessionId === undefined) return undefined;
  const session = service.engine.sessions.find(request.SessionId);
  if (session === undefined) throw notFound(`Session ${request.SessionId} does not exist.`, request.SessionId);
  const matches =
    (request.Database ?? session.database) === session.database &&
    (request.WorkgroupName ?? session.workgroupName) === session.workgroupName &&
    (request.ClusterIdentifier ?? session.clusterIdentifier) === session.clusterIdentifier;
  if (!matches) throw invalid(`Session ${session.id} is connected to another database.`);
  return session;
}

function checkSql({ sqls, request }: Submission): void {
  for (const sql of sqls) {
    if (sql.trim() === '') throw invalid('The SQL statement is empty.');
    if (Buffer.byteLength(sql) > STATEMENT_BYTES) throw invalid('Cannot process query string larger than 100kB.');
  }
  const given = new Set((request.Parameters ?? []).map((parameter) => parameter.name ?? ''));
  const used = new Set(sqls.flatMap(readableParameters));
  const unused = [...given].filter((name) => !used.has(name));
  const missing = [...used].filter((name) => !given.has(name));
  if (unused.length > 0)
    throw invalid(`Parameters list contains unused parameters. Unused parameters: [${unused.join(', ')}]`);
  if (missing.length > 0)
    throw invalid(`Parameters list lacks parameters. Missing parameters: [${missing.join(', ')}]`);
}

/** Text that cannot be read is the statement's failure, not the request's. */
function readableParameters(sql: string): string[] {
  try {
    return parametersOf(sql);
  } catch (error) {
    if (error instanceof UnsupportedSqlError) return [];
    throw error;
  }
}

function newStatement(
  service: Service,
  submission: Submission,
  session: Session | undefined,
  accessKeyId = '',
): Statement {
  const { sqls, isBatch, request } = submission;
  const now = Date.now();
  const sessionId = session?.id ?? ((request.SessionKeepAliveSeconds ?? 0) > 0 ? randomUUID() : undefined);
  const cluster = session?.clusterIdentifier ?? request.ClusterIdentifier;
  const workgroup = session?.workgroupName ?? request.WorkgroupName;
  return {
    id: randomUUID(),
    isBatch,
    queries: sqls.map((sql) => newQuery(sql, now)),
    autoCommit: isBatch && request.ExecutionMode === 'AUTO_COMMIT',
    resultFormat: request.ResultFormat ?? 'JSON',
    parameters: (request.Parameters ?? []).map(({ name, value }) => ({ name: name ?? '', value: value ?? '' })),
    database: service.database,
    dbUser: userFor(request, accessKeyId, service.roles),
    requestHash: createHash('sha256').update(JSON.stringify(submission)).digest('hex'),
    createdAt: now,
    updatedAt: now,
    status: 'SUBMITTED',
    durationNs: -1,
    redshiftPid: 0,
    ...(request.StatementName === undefined ? {} : { name: request.StatementName }),
    ...(cluster === undefined ? {} : { clusterIdentifier: cluster }),
    ...(workgroup === undefined ? {} : { workgroupName: workgroup }),
    ...(request.SecretArn === undefined ? {} : { secretArn: request.SecretArn }),
    ...(sessionId === undefined ? {} : { sessionId }),
    ...(request.ClientToken === undefined ? {} : { clientToken: request.ClientToken }),
  };
}

/** A secret is the administrator's; else the service derives the user from the caller's identity. */
function userFor({ SecretArn, DbUser }: Submission['request'], accessKeyId: string, roles: readonly string[]): string {
  if (SecretArn !== undefined) return ADMIN;
  return roles.includes(accessKeyId) ? `IAMR:${accessKeyId}` : (DbUser ?? 'IAM:local');
}

// Counts on from the clock, so that no number comes back after a restart.
let lastQueryId = Math.floor(Date.now() / 1000);

function newQuery(sql: string, now: number): Query {
  lastQueryId += 1;
  return {
    sql,
    status: 'SUBMITTED',
    updatedAt: now,
    durationNs: -1,
    resultRows: -1,
    resultSizeBytes: -1,
    queryId: lastQueryId,
  };
}

function answer(statement: Statement): ExecuteStatementOutput {
  return {
    Id: statement.id,
    CreatedAt: new Date(statement.createdAt),
    Database: statement.database,
    DbUser: statement.dbUser,
    Status: statement.status,
    ...(statement.clusterIdentifier === undefined ? {} : { ClusterIdentifier: statement.clusterIdentifier }),
    ...(statement.workgroupName === undefined ? {} : { WorkgroupName: statement.workgroupName }),
    ...(statement.secretArn === undefined ? {} : { SecretArn: statement.secretArn }),
    ...(statement.sessionId === undefined ? {} : { SessionId: statement.sessionId }),
    ...(isFinal(statement.status)
      ? {
          RedshiftPid: statement.redshiftPid,
          HasResultSet: statement.queries.some((query) => query.columns !== undefined),
        }
      : {}),
  };
}
