import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { DeterminismViolationError } from '@temporalio/workflow';
import { bundleWorkflowCode, DefaultLogger, Worker } from '@temporalio/worker';
import { describe, expect, it } from 'vitest';
import { root } from '../tools.ts';
import { workflowBundle } from '../workflow/environment.ts';
import { scenarios } from '../workflow/scenarios.ts';

const folder = join(root, 'test', 'replay', 'histories');
const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
const history = (file: string) => historyFromJSON(JSON.parse(readFileSync(join(folder, file), 'utf8')));

describe('histories of earlier runs', () => {
  it('are kept for every scenario', () => {
    expect(files.map((file) => file.slice(0, -'.json'.length)).sort()).toEqual(Object.keys(scenarios).sort());
  });

  it.each(files)('%s replays on the workflows as they are now', async (file) => {
    await Worker.runReplayHistory({ workflowBundle: await workflowBundle() }, history(file));
  });

  it('do not replay on a workflow that does something else first', async () => {
    const changed = await bundleWorkflowCode({
      workflowsPath: join(root, 'test', 'replay', 'changed-workflows.ts'),
      logger: new DefaultLogger('ERROR'),
    });
    await expect(Worker.runReplayHistory({ workflowBundle: changed }, history('build-published.json'))).rejects.toThrow(
      DeterminismViolationError,
    );
  });
});
