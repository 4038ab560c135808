import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

/**
 * The workflows of a checkout as the one script that the server's sandbox runs, made once for the version `buildId`: a
 * worker that makes it itself takes some seconds more each time it starts. Gives the script's path.
 */
export async function workflowBundle(root: string, buildId: string): Promise<string> {
  const file = join(root, '.tideline', 'workflows', `${buildId}.js`);
  if (existsSync(file)) return file;
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(root, 'workflows', 'index.ts'),
    logger: new DefaultLogger('WARN'),
  });
  mkdirSync(dirname(file), { recursive: true });
  // Two may make it at once; whoever reads it finds all of it.
  const own = `${file}.${process.pid}`;
  writeFileSync(own, code);
  renameSync(own, file);
  return file;
}
