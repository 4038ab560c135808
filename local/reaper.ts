// Ends the processes of a supervisor that has died: our standard input ends then, however it died.
import { endLeftovers } from './supervisor.ts';

const [pidFile = '', supervisor] = process.argv.slice(2);
process.stdin.once('end', () => {
  endLeftovers(pidFile, Number(supervisor));
});
process.stdin.resume();
