import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { z } from 'zod';
import { type CaseName, caseNames, type Sizes } from './cases.ts';

const pollMs = 200;
const healthSchema = z.record(z.string(), z.object({ status: z.string().nullable() }));
const firstDay = new Date('2025-01-01T00:00:00Z');

/** Starts DAG runs by Airflow's API, and looks in its database how they do: that costs Airflow less than asking it. */
export class AirflowRuns {
  private readonly api: string;
  private readonly database: pg.Client;

  constructor(port: number, database: pg.Client) {
    this.api = `http://127.0.0.1:${port}/api/v2`;
    this.database = database;
  }

  /** Resolves when every component says that it is healthy and every DAG has been read. */
  async untilReady(): Promise<void> {
    const ready = async (): Promise<boolean> => {
      const answer = await fetch(`${this.api}/monitor/health`).catch(() => undefined); // It does not listen yet.
      if (!answer?.ok) return false;
      const components = Object.values(healthSchema.parse(await answer.json()));
      const { rows } = await this.database.query('SELECT 1 FROM dag WHERE NOT is_stale');
      return components.every(({ status }) => status === 'healthy') && rows.length === caseNames.length;
    };
    while (!(await ready())) await delay(pollMs);
  }

  async start(name: CaseName, sizes: Sizes): Promise<void> {
    if (name !== 'backfill') return this.post(`dags/${name}/dagRuns`, { logical_date: null });
    const lastDay = new Date(firstDay);
    lastDay.setUTCDate(sizes.backfillDays);
    await this.post('backfills', {
      dag_id: name,
      from_date: firstDay.toISOString(),
      to_date: lastDay.toISOString(),
      max_active_runs: sizes.backfillDays,
    });
  }

  /** Resolves to `success` when all runs of a DAG have ended well, else to how they ended. */
  async untilEnded(name: CaseName, runs: number): Promise<string> {
    for (;;) {
      const { rows } = await this.database.query<{ state: string }>('SELECT state FROM dag_run WHERE dag_id = $1', [
        name,
      ]);
      const states = rows.map(({ state }) => state);
      if (states.length > runs) throw new Error(`Airflow made ${states.length} runs of ${name}, not ${runs}`);
      if (states.length === runs && states.every((state) => ['success', 'failed'].includes(state)))
        return [...new Set(states)].sort().join(' and ');
      await delay(pollMs);
    }
  }

  /** States of a DAG's runs and tasks, and what may hold them up. */
  async unfinished(name: CaseName): Promise<string> {
    const { rows } = await this.database.query<{ seen: string }>(
      `SELECT 'runs: ' || string_agg(DISTINCT state, ', ') AS seen FROM dag_run WHERE dag_id = $1
       UNION ALL SELECT count(*) || ' tasks: ' || coalesce(state, 'not scheduled') FROM task_instance WHERE dag_id = $1 GROUP BY state
       UNION ALL SELECT count(*) || ' sessions idle in a transaction' FROM pg_stat_activity WHERE state = 'idle in transaction'`,
      [name],
    );
    return rows.map(({ seen }) => seen).join('; ');
  }

  private async post(path: string, body: object): Promise<void> {
    const answer = await fetch(`${this.api}/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`Airflow refused ${path}: ${answer.status} ${await answer.text()}`);
  }
}
