import { readFileSync } from 'node:fs';
import pg from 'pg';
import { ADMIN, ANALYST, ROLE_USERS, SUPERUSER } from './cluster.ts';
import type { Cluster } from './cluster.ts';

/** Makes the database, its roles and its helper schemas; safe to run at every start. */
export async function bootstrap(cluster: Cluster, database: string): Promise<void> {
  const connection = { host: '127.0.0.1', port: cluster.port, user: SUPERUSER, password: cluster.password };
  await withClient({ ...connection, database: 'postgres' }, async (client) => {
    await ensureRole(client, ADMIN);
    await client.query(`ALTER ROLE ${ADMIN} LOGIN CREATEROLE PASSWORD ${client.escapeLiteral(cluster.password)}`);
    await ensureRole(client, ROLE_USERS);
    await ensureRole(client, ANALYST);
    await client.query(`ALTER ROLE ${ANALYST} LOGIN`);
    await client.query(`ALTER ROLE ${ANALYST} SET default_transaction_read_only = on`);
    await client.query(`GRANT pg_read_all_data TO ${ANALYST}`);
    const known = await client.query('SELECT FROM pg_database WHERE datname = $1', [database]);
    if (known.rowCount === 0) await client.query(`CREATE DATABASE ${client.escapeIdentifier(database)} OWNER ${ADMIN}`);
  });
  await withClient({ ...connection, database }, async (client) => {
    await client.query(`ALTER SCHEMA public OWNER TO ${ADMIN}`);
    await client.query(sqlFile('compat.sql'));
    await client.query(sqlFile('statements.sql'));
    // System views are found without a schema's name.
    const found = '"$user", public, redshift_compat';
    await client.query(`ALTER DATABASE ${client.escapeIdentifier(database)} SET search_path = ${found}`);
    for (const role of [ADMIN, ROLE_USERS]) {
      await client.query(`GRANT USAGE ON SCHEMA data_api TO ${role}`);
      await client.query(`GRANT SELECT, INSERT, UPDATE ON data_api.statement, data_api.result_page TO ${role}`);
    }
  });
}

async function ensureRole(client: pg.Client, role: string): Promise<void> {
  const known = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [role]);
  if (known.rowCount === 0) await client.query(`CREATE ROLE ${role}`);
}

async function withClient(config: pg.ClientConfig, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client(config);
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

function sqlFile(name: string): string {
  return readFileSync(new URL(name, import.meta.url), 'utf8');
}
