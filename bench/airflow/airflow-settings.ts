import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { slots } from './cases.ts';
import type { Bench } from './orchestrator.ts';

/** What is set otherwise than Airflow ships it so that it is quicker, or sooner finds what died. */
const tuned: Readonly<Record<string, string>> = {
  AIRFLOW__CORE__PARALLELISM: String(slots.tasks),
  AIRFLOW__CORE__MAX_ACTIVE_TASKS_PER_DAG: String(slots.waits),
  AIRFLOW__CORE__DEFAULT_POOL_TASK_SLOT_COUNT: String(2 * slots.waits),
  AIRFLOW__TRIGGERER__CAPACITY: String(slots.waits),
  AIRFLOW__API__WORKERS: '2',
  AIRFLOW__SCHEDULER__MAX_TIS_PER_QUERY: '0',
  AIRFLOW__SCHEDULER__MAX_DAGRUNS_PER_LOOP_TO_SCHEDULE: '50',
  AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME: '0.1',
  AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL: '10',
  AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT: '40',
  AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL: '3600',
  AIRFLOW__CORE__DEFAULT_TASK_RETRIES: '5',
  AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY: '1',
  AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT: '60',
  AIRFLOW__LOGGING__LOGGING_LEVEL: 'WARNING',
};

/** The same as `[section] option = value`, for people. */
export const tunedSettings = Object.entries(tuned).map(([name, value]) => {
  const [, section = '', option = ''] = name.toLowerCase().split('__');
  return `[${section}] ${option} = ${value}`;
});

/** The environment of every process of Airflow. Its secrets are made anew each time. */
export function airflowEnvironment(bench: Bench, home: string, address: string, database: string) {
  const secret = (): string => randomBytes(64).toString('base64url');
  return {
    ...tuned,
    AIRFLOW_HOME: home,
    AIRFLOW__CORE__DAGS_FOLDER: join(bench.root, 'bench', 'airflow', 'dags'),
    AIRFLOW__CORE__EXECUTOR: 'LocalExecutor',
    AIRFLOW__CORE__LOAD_EXAMPLES: 'False',
    AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION: 'False',
    AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS: 'True',
    AIRFLOW__CORE__EXECUTION_API_SERVER_URL: `${address}/execution/`,
    AIRFLOW__CORE__FERNET_KEY: randomBytes(32).toString('base64url') + '=',
    AIRFLOW__CORE__HOSTNAME_CALLABLE: 'socket.gethostname',
    AIRFLOW__API__BASE_URL: address,
    AIRFLOW__API__SECRET_KEY: secret(),
    AIRFLOW__API_AUTH__JWT_SECRET: secret(),
    AIRFLOW__DATABASE__SQL_ALCHEMY_CONN: database,
    // Where it is set, every task would compile its DAG's file anew.
    PYTHONDONTWRITEBYTECODE: '',
    BENCH_NOTES: bench.notesFolder,
    BENCH_SIZES: JSON.stringify(bench.sizes),
  };
}
