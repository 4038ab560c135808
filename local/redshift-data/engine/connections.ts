import pg from 'pg';
import { ADMIN } from '../postgres/cluster.ts';

/** Where statements run. */
export interface Warehouse {
  readonly host: string;
  readonly port: number;
  readonly password: string;
  readonly database: string;
}

/** A connection that one statement, or one session, has for itself. */
export interface Connection {
  readonly client: pg.Client;
  readonly pid: number;
  /** Set when the server dropped the connection. */
  readonly lost: () => boolean;
}

/** Opens a connection as the role that owns what statements create. */
export async function connect(warehouse: Warehouse): Promise<Connection> {
  let lost = false;
  const client = new pg.Client({ ...warehouse, user: ADMIN, application_name: 'redshift-data' });
  // Without a listener a dropped connection would end the process; the running query reports it anyway.
  client.on('error', () => (lost = true));
  client.on('end', () => (lost = true));
  await client.connect();
  const answer = await client.query<{ pid: string }>('SELECT pg_catalog.pg_backend_pid() AS pid');
  return { client, pid: Number(answer.rows[0]?.pid), lost: () => lost };
}
