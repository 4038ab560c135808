import type pg from 'pg';
import type { ObjectStore } from '../load/object-store.ts';
import { connect, userOf } from './connections.ts';
import type { Connection, Warehouse } from './connections.ts';
import { execute } from './execution.ts';
import type { Execution } from './execution.ts';
import { errorText } from './failures.ts';
import { Sessions } from './sessions.ts';
import type { Session } from './sessions.ts';
import { Slots } from './slots.ts';
import { isFinal } from './statement.ts';
import type { Statement } from './statement.ts';
import type { StatementStore } from './store.ts';

export interface EngineOptions {
  readonly warehouse: Warehouse;
  readonly store: StatementStore;
  readonly objects: ObjectStore;
  /** Superuser connections, for cancelling what the admin role runs. */
  readonly control: pg.Pool;
  readonly concurrency: number;
  /** Told when an outcome could not be written down. */
  readonly onDefect: (error: unknown, operation: string | undefined) => void;
}

/** Runs statements in the background, at most `concurrency` at once, in the order of their submission. */
export class Engine {
  readonly sessions = new Sessions();
  private readonly executions = new Map<string, Execution>();
  private readonly running = new Set<Promise<void>>();
  private readonly users = new Map<string, Promise<string>>();
  private readonly slots: Slots;
  private readonly options: EngineOptions;

  constructor(options: EngineOptions) {
    this.options = options;
    this.slots = new Slots(options.concurrency);
  }

  /** Writes the statement down and returns; it runs on its own from here. */
  async submit(statement: Statement, place: { session?: Session; keepAliveSeconds?: number }): Promise<void> {
    const execution: Execution = {
      statement,
      abort: new AbortController(),
      committing: false,
      cancelling: Promise.resolve(),
    };
    this.executions.set(statement.id, execution);
    await this.options.store.add(statement);
    const run = this.run(execution, place)
      .catch((error: unknown) => {
        this.options.onDefect(error, undefined);
      })
      .finally(() => {
        this.executions.delete(statement.id);
        this.running.delete(run);
      });
    this.running.add(run);
  }

  /** Asks a statement to stop; false when it is past the point where that is possible. */
  cancel(id: string, reason?: Error): boolean {
    const execution = this.executions.get(id);
    if (execution === undefined || execution.committing) return false;
    execution.abort.abort(reason);
    const pid = execution.connection?.pid;
    if (pid === undefined) return true;
    execution.cancelling = this.options.control
      .query('SELECT pg_catalog.pg_cancel_backend($1)', [pid])
      .then(() => undefined);
    return true;
  }

  /** Cancels what runs, waits for the roll-backs and closes the sessions. */
  async stop(): Promise<void> {
    const reason = new Error('ERROR: the service is stopping');
    for (const id of this.executions.keys()) this.cancel(id, reason);
    await Promise.all(this.running);
    await this.sessions.closeAll();
  }

  private async run(execution: Execution, place: { session?: Session; keepAliveSeconds?: number }): Promise<void> {
    const { statement, abort } = execution;
    const { store, objects } = this.options;
    const free = await this.slots.take();
    let session = place.session;
    try {
      if (!abort.signal.aborted) {
        await store.change(statement, 'PICKED');
        const connection =
          session?.connection ?? (await connect(this.options.warehouse, await this.user(statement.dbUser)));
        execution.connection = connection;
        statement.redshiftPid = connection.pid;
        session ??= this.openSession(statement, connection, place.keepAliveSeconds);
      }
      const client = execution.connection?.client;
      if (client === undefined) await this.abandon(execution, 'ABORTED', "ERROR: Query cancelled on user's request");
      else await execute(execution, { client, store, objects, signal: abort.signal });
    } catch (error) {
      // Past its final status only the writing down has failed: the outcome stands, in the data's transaction too.
      if (isFinal(statement.status)) throw error;
      await this.abandon(execution, 'FAILED', errorText(error));
    } finally {
      await execution.cancelling;
      if (session !== undefined) await this.sessions.release(session);
      else if (execution.connection?.lost() === false) await execution.connection.client.end();
      free();
    }
  }

  /** Looked up and made once, however many statements come at once. */
  private user(dbUser: string): Promise<string> {
    const found =
      this.users.get(dbUser) ??
      userOf(dbUser, this.options.warehouse, this.options.control).catch((error: unknown) => {
        this.users.delete(dbUser);
        throw error;
      });
    this.users.set(dbUser, found);
    return found;
  }

  private openSession(statement: Statement, connection: Connection, keepAliveSeconds = 0): Session | undefined {
    if (statement.sessionId === undefined) return undefined;
    const { clusterIdentifier, workgroupName } = statement;
    const session: Session = {
      id: statement.sessionId,
      connection,
      database: statement.database,
      keepAliveSeconds,
      busy: true,
      ...(clusterIdentifier === undefined ? {} : { clusterIdentifier }),
      ...(workgroupName === undefined ? {} : { workgroupName }),
    };
    this.sessions.add(session);
    return session;
  }

  private async abandon(execution: Execution, status: 'ABORTED' | 'FAILED', error: string): Promise<void> {
    for (const query of execution.statement.queries) Object.assign(query, { status, error });
    await this.options.store.change(execution.statement, status, error);
  }
}
