import { runServer } from '../wire/index.ts';
import { startManagedFlink } from './server.ts';
import { readSettings } from './settings.ts';

await runServer((report) => startManagedFlink(readSettings(process.env), report));
