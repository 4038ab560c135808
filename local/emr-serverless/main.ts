import { runServer } from '../wire/index.ts';
import { startEmrServerless } from './server.ts';
import { readSettings } from './settings.ts';

await runServer((report) => startEmrServerless(readSettings(process.env), report));
