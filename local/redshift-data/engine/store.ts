import type pg from 'pg';
import type { LoadError } from '../load/load-error.ts';
import { isFinal } from './statement.ts';
import type { Statement, Status } from './statement.ts';
import type { Row } from './results.ts';

// The service forgets statements and their results after a day.
const RETENTION_MS = 24 * 3_600_000;
const INTERRUPTED = 'The service stopped while the statement was running; its work was rolled back.';

const UPDATE = 'UPDATE data_api.statement SET body = $2 WHERE id = $1';

interface Runner {
  query(sql: string, values: unknown[]): Promise<unknown>;
}

/** All statements of the last day: in memory for reading, in PostgreSQL for good. */
export class StatementStore {
  private readonly statements = new Map<string, Statement>();
  private readonly byClientToken = new Map<string, Statement>();
  private readonly waiters = new Map<string, Set<() => void>>();
  private readonly pool: pg.Pool;

  private constructor(pool: pg.Pool) {
    this.pool = pool;
  }

  /** Reads what earlier processes left; what they had not finished was rolled back, so it is FAILED. */
  static async open(pool: pg.Pool): Promise<StatementStore> {
    const store = new StatementStore(pool);
    await store.forgetOld();
    const rows = await pool.query<{ body: Statement }>('SELECT body FROM data_api.statement ORDER BY created_at');
    for (const { body } of rows.rows) {
      store.remember(body);
      if (isFinal(body.status)) continue;
      for (const query of body.queries) {
        if (!isFinal(query.status)) Object.assign(query, { status: 'ABORTED', error: INTERRUPTED });
      }
      await store.change(body, 'FAILED', INTERRUPTED);
    }
    return store;
  }

  /** Remembered before it is written, so that two requests with one client token cannot both be the first. */
  async add(statement: Statement): Promise<void> {
    this.remember(statement);
    const values = [statement.id, new Date(statement.createdAt), statement];
    try {
      await this.pool.query('INSERT INTO data_api.statement VALUES ($1, $2, $3)', values);
    } catch (error) {
      this.forget(statement);
      throw error;
    }
  }

  find(id: string): Statement | undefined {
    return this.statements.get(id);
  }

  findByClientToken(token: string): Statement | undefined {
    return this.byClientToken.get(token);
  }

  /** Newest first. */
  list(): Statement[] {
    return [...this.statements.values()].reverse();
  }

  activeCount(): number {
    return [...this.statements.values()].filter((statement) => !isFinal(statement.status)).length;
  }

  /** Moves a statement to another status and writes it down on a connection of its own. */
  async change(statement: Statement, status: Status, error?: string): Promise<void> {
    statement.status = status;
    statement.updatedAt = Date.now();
    if (error !== undefined) statement.error = error;
    try {
      await this.pool.query(UPDATE, [statement.id, statement]);
    } finally {
      if (isFinal(status)) this.announce(statement.id);
    }
  }

  /** Writes a final status inside the transaction of the work itself: both are there, or neither is. */
  async writeWithWork(client: Runner, statement: Statement): Promise<void> {
    await client.query(UPDATE, [statement.id, statement]);
  }

  /** What a failed COPY leaves, apart from its work, which is rolled back. */
  async writeLoadError(statement: Statement, index: number, { message, place }: LoadError): Promise<void> {
    const { file, line, column, type, code } = place;
    const session = [statement.queries[index]?.queryId, statement.redshiftPid, new Date()];
    await this.pool.query('INSERT INTO data_api.load_error VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)', [
      ...session,
      ...[file, line, column, type, code, message.slice(0, 256)],
    ]);
  }

  async writePage(client: Runner, key: { id: string; query: number; page: number }, records: Row[]): Promise<void> {
    const values = [key.id, key.query, key.page, JSON.stringify(records)];
    await client.query('INSERT INTO data_api.result_page VALUES ($1, $2, $3, $4)', values);
  }

  async readPage(id: string, query: number, page: number): Promise<Row[] | undefined> {
    const found = await this.pool.query<{ records: Row[] }>(
      'SELECT records FROM data_api.result_page WHERE statement_id = $1 AND query_number = $2 AND page_number = $3',
      [id, query, page],
    );
    return found.rows[0]?.records;
  }

  async hasPage(id: string, query: number, page: number): Promise<boolean> {
    const found = await this.pool.query(
      'SELECT FROM data_api.result_page WHERE statement_id = $1 AND query_number = $2 AND page_number = $3',
      [id, query, page],
    );
    return found.rowCount === 1;
  }

  /** What PostgreSQL holds: decides the outcome when the answer to a COMMIT was lost. */
  async readStored(id: string): Promise<Statement | undefined> {
    const found = await this.pool.query<{ body: Statement }>('SELECT body FROM data_api.statement WHERE id = $1', [id]);
    return found.rows[0]?.body;
  }

  /** Resolves when the statement is final, the time is over, or the caller has gone. */
  async waitUntilFinal(id: string, timeoutMs: number, signal: AbortSignal): Promise<void> {
    const statement = this.statements.get(id);
    if (statement === undefined || isFinal(statement.status) || signal.aborted) return;
    const waiters = this.waiters.get(id) ?? new Set();
    this.waiters.set(id, waiters);
    await new Promise<void>((done) => {
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        waiters.delete(end);
        done();
      };
      const timer = setTimeout(end, timeoutMs);
      signal.addEventListener('abort', end);
      waiters.add(end);
    });
  }

  async forgetOld(): Promise<void> {
    const oldest = Date.now() - RETENTION_MS;
    await this.pool.query('DELETE FROM data_api.statement WHERE created_at < $1', [new Date(oldest)]);
    await this.pool.query('DELETE FROM data_api.load_error WHERE start_time < $1', [new Date(oldest)]);
    for (const statement of this.statements.values()) {
      if (statement.createdAt >= oldest || !isFinal(statement.status)) continue;
      this.forget(statement);
    }
  }

  private forget(statement: Statement): void {
    this.statements.delete(statement.id);
    if (statement.clientToken !== undefined) this.byClientToken.delete(statement.clientToken);
  }

  private remember(statement: Statement): void {
    this.statements.set(statement.id, statement);
    if (statement.clientToken !== undefined) this.byClientToken.set(statement.clientToken, statement);
  }

  private announce(id: string): void {
    for (const wake of this.waiters.get(id) ?? []) wake();
    this.waiters.delete(id);
  }
}
