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

/** Opens a connection as the user of an IAM role, who is made at the first, or as the owner of all that there is. */
export async function connect(warehouse: Warehouse, control: pg.Pool, dbUser: string): Promise<Connection> {
  const user = dbUser.startsWith('IAMR:') ? dbUser : ADMIN;
  if (user !== ADMIN) await ensureRoleUser(warehouse, control, user);
  let lost = false;
  const client = new pg.Client({ ...warehouse, user, application_name: 'redshift-data' });
  // Without a listener a dropped connection would end the process; the running query reports it anyway.
  client.on('error', () => (lost = true));
  client.on('end', () => (lost = true));
  await client.connect();
  const answer = await client.query<{ pid: string }>('SELECT pg_catalog.pg_backend_pid() AS pid');
  return { client, pid: Number(answer.rows[0]?.pid), lost: () => lost };
}

async function ensureRoleUser({ password }: Warehouse, control: pg.Pool, user: string): Promise<void> {
  const name = pg.escapeIdentifier(user);
  const known = await control.query('SELECT FROM pg_roles WHERE rolname = $1 AND rolcanlogin', [user]);
  if (known.rowCount === 1) return;
  await control
    .query(`CREATE ROLE ${name}`)
    // Two connections may be the first, and CREATE USER may have come before.
    .catch((error: unknown) => {
      if (!(error instanceof pg.DatabaseError && ['42710', '23505'].includes(error.code ?? ''))) throw error;
    });
  await control.query(`GRANT ${ROLE_USERS} TO ${name}`);
  await control.query(`ALTER ROLE ${name} LOGIN PASSWORD ${pg.escapeLiteral(password)}`);
}
