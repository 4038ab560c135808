import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { freePort } from '../../../local/ports.ts';
import type { ProcessSpec } from '../../../local/supervisor.ts';
import { temporalServer } from '../../../local/temporal.ts';
import { taskQueue } from '../cases.ts';
import type { OrchestratorKind } from '../orchestrator.ts';
import type { runCase } from './workflows.ts';

/** Tideline's way: the local platform's Temporal server, and one worker. */
export const tideline: OrchestratorKind = {
  name: 'Tideline',
  async prepare({ root, folder, notesFolder, sizes, supervisor }) {
    const data = join(folder, 'data');
    rmSync(data, { recursive: true, force: true });
    mkdirSync(data, { recursive: true });
    const ports = { grpc: await freePort(), ui: await freePort(), metrics: await freePort() };
    const address = `127.0.0.1:${ports.grpc}`;
    const cli = join(root, '.tideline', 'tools', 'venv', 'bin', 'temporal');
    const server = temporalServer(cli, ports, join(data, 'temporal.db'));
    const worker: ProcessSpec = {
      name: 'worker',
      command: process.execPath,
      args: [fileURLToPath(new URL('worker.ts', import.meta.url))],
      env: { TEMPORAL_ADDRESS: address, BENCH_NOTES: notesFolder, BENCH_WAIT_SECONDS: String(sizes.waitSeconds) },
      isReady: (stdout) => stdout.includes('"ready"'),
      readyTimeoutMs: 90_000,
    };
    const victims = { workers: worker, scheduler: server };
    return async () => {
      await supervisor.start(server);
      await supervisor.start(worker);
      const connection = await Connection.connect({ address });
      const client = new Client({ connection });
      return {
        run: async (name) => {
          await client.workflow.execute<typeof runCase>('runCase', {
            workflowId: name,
            taskQueue,
            args: [name, sizes],
          });
          return 'success';
        },
        unfinished: async (name) => {
          const { raw } = await client.workflow.getHandle(name).describe();
          return `${raw.pendingActivities?.length ?? 0} activities pending`;
        },
        kill: (victim) => supervisor.end(victims[victim].name, 'SIGKILL'),
        restart: async (victim) => {
          await supervisor.start(victims[victim]);
        },
        stop: async () => {
          await connection.close();
          await supervisor.stop();
        },
      };
    };
  },
};
