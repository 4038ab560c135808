import { setTimeout as sleep } from 'node:timers/promises';
import { LoadError } from '../load/load-error.ts';
import { translate } from '../sql/translate.ts';
import type { Plan } from '../sql/translate.ts';
import type { Connection } from './connections.ts';
import { errorText } from './failures.ts';
import { runQuery } from './queries.ts';
import type { QueryContext } from './queries.ts';
import type { Query, Statement, Status } from './statement.ts';

const RECOVERY_MS = 30_000;
const CANCELLED = "ERROR: Query cancelled on user's request";
const ROLLED_BACK = 'The query was rolled back, because another query of the batch failed.';
const NOT_RUN = 'The query was not run, because an earlier query of the batch failed.';

/** A statement on its way: who wants to stop it, and until when that is possible. */
export interface Execution {
  readonly statement: Statement;
  readonly abort: AbortController;
  connection?: Connection;
  /** From here on the outcome is PostgreSQL's: a cancel comes too late. */
  committing: boolean;
  /** A cancel request on its way to PostgreSQL, which must not hit the connection's next user. */
  cancelling: Promise<void>;
}

/** Runs all queries of a statement on its connection and leaves it in a final status. */
export async function execute(execution: Execution, context: QueryContext): Promise<void> {
  const { statement } = execution;
  const started = process.hrtime.bigint();
  await context.store.change(statement, 'STARTED');
  if (statement.autoCommit) {
    for (const [index] of statement.queries.entries()) await runTransaction(execution, context, [index]);
  } else {
    await runTransaction(execution, context, [...statement.queries.keys()]);
  }
  statement.durationNs = Number(process.hrtime.bigint() - started);
  const { status, error } = outcome(statement);
  await context.store.change(statement, status, error);
}

/** Runs some of the queries as one transaction; on failure sets the status of each and returns. */
async function runTransaction(execution: Execution, context: QueryContext, indexes: number[]): Promise<void> {
  const { statement } = execution;
  let current = -1;
  let bare = false;
  try {
    const plans = indexes.map((index) => {
      current = index;
      return planOf(statement, index);
    });
    bare = plans.some((plan) => plan.kind === 'alone' && !plan.transactional);
    // Redshift's default: every query of a transaction sees the same snapshot, and the later of two writers loses.
    if (!bare) await context.client.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    for (const [offset, plan] of plans.entries()) {
      current = indexes[offset] ?? current;
      await timed(statement, current, () => runQuery(context, statement, current, plan), context.signal);
    }
    await commit(execution, context, indexes, bare);
  } catch (error) {
    if (!bare) await rollBack(execution, context);
    if (execution.committing && (await committedAfterAll(context, statement))) return;
    settle(execution, indexes, current, error);
    if (error instanceof LoadError) await context.store.writeLoadError(statement, current, error);
  } finally {
    execution.committing = false;
  }
}

/** A batch holds nothing that Redshift would run, or end, in a transaction of its own. */
function planOf(statement: Statement, index: number): Plan {
  const plan = translate(statement.queries[index]?.sql ?? '');
  if (plan.kind === 'alone' && statement.isBatch && !statement.autoCommit && statement.queries.length > 1) {
    const reason = plan.transactional ? 'commits the transaction that it runs in' : 'cannot run in a transaction';
    const remedy = plan.transactional ? ': use DELETE, or run it alone' : ': run it alone';
    throw new Error(`${plan.verb} ${reason}${remedy}`);
  }
  return plan;
}

async function timed(
  statement: Statement,
  index: number,
  work: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  const query = statement.queries[index];
  const started = process.hrtime.bigint();
  if (query !== undefined) Object.assign(query, { status: 'STARTED', updatedAt: Date.now() });
  try {
    await work();
  } finally {
    if (query !== undefined) query.durationNs = Number(process.hrtime.bigint() - started);
  }
  signal.throwIfAborted();
}

async function commit(execution: Execution, context: QueryContext, indexes: number[], bare: boolean): Promise<void> {
  const { statement } = execution;
  const stored = structuredClone(statement);
  for (const index of indexes) Object.assign(stored.queries[index] ?? {}, finished());
  const whole = !statement.autoCommit;
  if (whole) Object.assign(stored, { status: 'FINISHED', updatedAt: Date.now() });
  execution.committing = true;
  context.signal.throwIfAborted();
  await context.store.writeWithWork(context.client, stored);
  if (!bare) await context.client.query('COMMIT');
  for (const index of indexes) Object.assign(statement.queries[index] ?? {}, finished());
}

function finished(): Pick<Query, 'status' | 'updatedAt'> {
  return { status: 'FINISHED', updatedAt: Date.now() };
}

async function rollBack(execution: Execution, context: QueryContext): Promise<void> {
  if (execution.connection?.lost() === true) return;
  // A cancel request that is still on its way would hit the ROLLBACK instead of the query.
  await execution.cancelling;
  await context.client.query('ROLLBACK').catch((error: unknown) => {
    if (execution.connection?.lost() !== true) throw error;
  });
}

/** The connection died after COMMIT was sent: the row that commits with the work tells what happened. */
async function committedAfterAll(context: QueryContext, statement: Statement): Promise<boolean> {
  const stored = await readPatiently(context, statement.id);
  if (stored === undefined) return false;
  const committed = stored.queries.every((query) => query.status === 'FINISHED');
  if (committed) stored.queries.forEach((query, index) => Object.assign(statement.queries[index] ?? {}, query));
  return committed;
}

/** PostgreSQL may need a moment to recover from what cut the connection. */
async function readPatiently(context: QueryContext, id: string): Promise<Statement | undefined> {
  for (const deadline = Date.now() + RECOVERY_MS; ;) {
    try {
      return await context.store.readStored(id);
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(200);
    }
  }
}

function settle(execution: Execution, indexes: number[], failed: number, error: unknown): void {
  const { statement, abort } = execution;
  for (const index of indexes) {
    const query = statement.queries[index];
    if (query === undefined) continue;
    delete query.columns;
    query.updatedAt = Date.now();
    query.resultRows = -1;
    query.resultSizeBytes = -1;
    if (abort.signal.aborted) Object.assign(query, { status: 'ABORTED', error: abortText(abort.signal) });
    else if (index === failed) Object.assign(query, { status: 'FAILED', error: errorText(error) });
    else Object.assign(query, { status: 'ABORTED', error: index < failed ? ROLLED_BACK : NOT_RUN });
  }
}

/** A user's cancel carries no reason of its own; the stop of the service does. */
function abortText(signal: AbortSignal): string {
  return signal.reason instanceof Error && signal.reason.name !== 'AbortError' ? signal.reason.message : CANCELLED;
}

function outcome(statement: Statement): { status: Status; error?: string } {
  const aborted = statement.queries.find((query) => query.status === 'ABORTED');
  const failed = statement.queries.findIndex((query) => query.status === 'FAILED');
  const error = statement.queries[failed]?.error;
  if (error !== undefined) {
    return { status: 'FAILED', error: statement.isBatch ? `Query #${failed + 1} failed with ${error}` : error };
  }
  if (aborted?.error !== undefined) return { status: 'ABORTED', error: aborted.error };
  return { status: 'FINISHED' };
}
