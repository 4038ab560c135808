import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { freePort } from '../../local/ports.ts';
import { startCluster, SUPERUSER } from '../../local/redshift-data/postgres/cluster.ts';
import type { ProcessSpec } from '../../local/supervisor.ts';
import { AirflowRuns } from './airflow-runs.ts';
import { airflowEnvironment } from './airflow-settings.ts';
import { airflowCommand } from './install-airflow.ts';
import type { Bench, OrchestratorKind } from './orchestrator.ts';
import { killIfRunning } from './processes.ts';

/** Airflow with the LocalExecutor on PostgreSQL: API server, scheduler, DAG processor and triggerer. */
export const airflow: OrchestratorKind = {
  name: 'Airflow',
  async prepare(bench) {
    const home = join(bench.folder, 'home');
    rmSync(home, { recursive: true, force: true });
    const cluster = await startCluster(join(bench.folder, 'database'), 0);
    const server = `postgresql://${SUPERUSER}:${cluster.password}@127.0.0.1:${cluster.port}`;
    await makeEmptyDatabase(server);
    const port = await freePort();
    const environment = airflowEnvironment(
      bench,
      home,
      `http://127.0.0.1:${port}`,
      `${server}/airflow`.replace(':', '+psycopg2:'),
    );
    const command = airflowCommand(bench.root);
    await promisify(execFile)(command, ['db', 'migrate'], { env: { ...process.env, ...environment } });
    const component = (...args: [string, ...string[]]): ProcessSpec => ({
      name: args[0],
      command,
      args,
      env: environment,
      isReady: () => true,
      readyTimeoutMs: 0,
    });
    const scheduler = component('scheduler', '--skip-serve-logs');
    const others = [
      component('api-server', '--host', '127.0.0.1', '--port', String(port)),
      component('dag-processor'),
      component('triggerer', '--skip-serve-logs'),
    ];
    return async () => {
      const database = new pg.Client(`${server}/airflow`);
      database.on('error', () => undefined); // A lost connection fails the next query, which tells.
      await database.connect();
      const runs = new AirflowRuns(port, database);
      for (const spec of [...others, scheduler]) await bench.supervisor.start(spec);
      await runs.untilReady();
      return {
        async run(name) {
          await runs.start(name, bench.sizes);
          return runs.untilEnded(name, name === 'backfill' ? bench.sizes.backfillDays : 1);
        },
        unfinished: (name) => runs.unfinished(name),
        kill: (victim) => killScheduler(bench, victim === 'workers'),
        restart: async () => {
          await bench.supervisor.start(scheduler);
        },
        async stop() {
          await bench.supervisor.stop();
          await database.end();
          await cluster.stop();
        },
      };
    };
  },
};

async function makeEmptyDatabase(server: string): Promise<void> {
  const client = new pg.Client(`${server}/postgres`);
  await client.connect();
  try {
    await client.query('DROP DATABASE IF EXISTS airflow WITH (FORCE)');
    await client.query('CREATE DATABASE airflow');
  } finally {
    await client.end();
  }
}

/** The scheduler alone, as when the kernel runs out of memory; or all of its tree, as when its container dies. */
async function killScheduler({ supervisor, meter }: Bench, withTasks: boolean): Promise<void> {
  const [scheduler, ...tasks] = meter.treeOf(supervisor.pidOf('scheduler') ?? 0);
  if (!scheduler) throw new Error('The scheduler does not run.');
  const ended = supervisor.end('scheduler', 'SIGKILL');
  if (withTasks) for (const pid of tasks) killIfRunning(pid);
  await ended;
}
