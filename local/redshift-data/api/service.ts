import type pg from 'pg';
import type { Engine } from '../engine/engine.ts';
import type { Query, Statement } from '../engine/statement.ts';
import type { StatementStore } from '../engine/store.ts';
import { invalid, notFound } from './faults.ts';

/** What the operations work on. */
export interface Service {
  readonly engine: Engine;
  readonly store: StatementStore;
  /** Connections of the owner's role, for the catalogue operations. */
  readonly catalog: pg.Pool;
  readonly workgroup: string;
  readonly database: string;
  /** Callers that are IAM roles, by access key. */
  readonly roles: readonly string[];
  readonly maxActiveStatements: number;
}

/** The members by which a request says where it runs. */
export interface Target {
  readonly ClusterIdentifier?: string | undefined;
  readonly WorkgroupName?: string | undefined;
  readonly Database?: string | undefined;
  readonly ConnectedDatabase?: string | undefined;
}

/** Fails unless a request names this warehouse, in exactly one way, and its database. */
export function checkTarget(service: Service, target: Target): void {
  const { ClusterIdentifier: cluster, WorkgroupName: workgroup } = target;
  if ((cluster === undefined) === (workgroup === undefined)) {
    throw invalid('Exactly one of ClusterIdentifier and WorkgroupName must be given.');
  }
  const name = cluster ?? workgroup ?? '';
  if (name !== service.workgroup && !name.endsWith(`:workgroup/${service.workgroup}`)) {
    throw invalid(`Redshift endpoint doesn't exist in this region: ${name} (there is ${service.workgroup}).`);
  }
  const database = target.ConnectedDatabase ?? target.Database;
  if (database === undefined) throw invalid('Database must be given.');
  if (database !== service.database)
    throw invalid(`Database ${database} doesn't exist (there is ${service.database}).`);
}

/** A statement, or one query of a batch, by its public id: `uuid` or `uuid:n`. */
export function findStatement(service: Service, publicId: string): { statement: Statement; index: number | undefined } {
  const [id = '', suffix] = publicId.split(':');
  const statement = service.store.find(id);
  const index = suffix === undefined ? undefined : Number(suffix) - 1;
  const known = statement !== undefined && (index === undefined || (statement.isBatch && statement.queries[index]));
  if (statement === undefined || !known) throw notFound(`Query ${publicId} does not exist.`, publicId);
  return { statement, index };
}

/** The public id of one query. */
export function queryIdOf(statement: Statement, query: Query): string {
  return `${statement.id}:${statement.queries.indexOf(query) + 1}`;
}

interface Page<T> {
  readonly items: T[];
  readonly nextToken?: string;
}

/** Cuts one page out of a list; a token says how many items came before. */
export function pageOf<T>(items: readonly T[], token: string | undefined, size: number): Page<T> {
  const start = token === undefined || token === '' ? 0 : readToken(token);
  const end = start + size;
  const page = items.slice(start, end);
  return end < items.length ? { items: page, nextToken: writeToken(end) } : { items: page };
}

/** MaxResults may be absent or 0: both ask for as many as the service gives. */
export function pageSize(requested: number | undefined, limit: number): number {
  return requested === undefined || requested === 0 ? limit : requested;
}

export function writeToken(position: number): string {
  return Buffer.from(`from:${position}`).toString('base64url');
}

export function readToken(token: string): number {
  const position = /^from:(\d+)$/.exec(Buffer.from(token, 'base64url').toString())?.[1];
  if (position === undefined) throw invalid('NextToken is not one that this service gave.');
  return Number(position);
}
