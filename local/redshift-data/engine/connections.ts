import pg from 'pg';
import { ADMIN, ROLE_USERS } from '../postgres/cluster.ts';

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

/** Opens a connection as a user of the warehouse. */
export async function connect(warehouse: Warehouse, user: string): Promise<Connection> {
  let lost = false;
  const client = new pg.Client({ ...warehouse, user, application_name: 'redshift-data' });
  // Without a listener a dropped connection would end the process; the running query reports it anyway.
  client.on('error', () => (lost = true));
  client.on('end', () => (lost = true));
  await client.connect();
  const answer = await client.query<{ pid: string }>('SELECT pg_catalog.pg_backend_pid() AS pid');
  return { client, pid: Number(answer.rows[0]?.pid), lost: () => lost };
}

/** The user as whom a caller's statements run: that of an IAM role, made where it is new, or the owner of all that there is. */
export async function userOf(dbUser: string, { password }: Warehouse, control: pg.Pool): Promise<string> {
  if (!dbUser.startsWith('IAMR:')) return ADMIN;
  const name = pg.escapeIdentifier(dbUser);
  const known = await control.query('SELECT FROM pg_roles WHERE rolname = $1', [dbUser]);
  // CREATE USER may have come before.
  if (known.rowCount === 0) await control.query(`CREATE ROLE ${name}`);
  await control.query(`ALTER ROLE ${name} LOGIN PASSWORD ${pg.escapeLiteral(password)}`);
  await control.query(`GRANT ${ROLE_USERS} TO ${name}`);
  return dbUser;
}
