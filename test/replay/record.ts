// `npm run record-histories`: runs every scenario on the real server and keeps its history for the replay test.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { root } from '../tools.ts';
import { localServer, withWorkers } from '../workflow/environment.ts';
import { play, type ScenarioName, scenarios } from '../workflow/scenarios.ts';

const environment = await localServer();
try {
  for (const name of Object.keys(scenarios) as ScenarioName[]) {
    await withWorkers(environment, scenarios[name].script, async () => {
      const handle = await play(environment, name);
      const history = historyToJSON(await handle.fetchHistory());
      const file = join(root, 'test', 'replay', 'histories', `${name}.json`);
      // Stack traces name the files of the checkout that recorded them; replay reads none of that.
      writeFileSync(file, `${JSON.stringify(JSON.parse(history)).replaceAll(root, '.')}\n`);
      process.stdout.write(`${name}\n`);
    });
  }
} finally {
  await environment.teardown();
}
