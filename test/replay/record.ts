// `npm run record-histories [-- SCENARIO …]`: runs scenarios, by default all, on the real server and keeps their histories
// for the replay test.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { root } from '../tools.ts';
import { localServer, withWorkers } from '../workflow/environment.ts';
import { play, type ScenarioName, scenarios } from '../workflow/scenarios.ts';

const environment = await localServer();
try {
  const wanted = process.argv.slice(2);
  const names = (Object.keys(scenarios) as ScenarioName[]).filter(
    (name) => wanted.length === 0 || wanted.includes(name),
  );
  for (const name of names) {
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
