import { randomInt } from 'node:crypto';
import { connect, createServer } from 'node:net';

// Below the range from which Linux and macOS give ports to outgoing connections: none of those can
// take a port between the moment we find it free and the moment its server listens, or starts again.
const FIRST_PORT = 10_000;
const LAST_PORT = 32_000;
const ATTEMPTS = 100;

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(false);
    });
    server.listen(port, '127.0.0.1', () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}

/** A port of 127.0.0.1 that is free now: the wanted one, or any other when that is taken. */
export async function freePort(wanted?: number): Promise<number> {
  if (wanted !== undefined && (await isFree(wanted))) return wanted;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = randomInt(FIRST_PORT, LAST_PORT);
    if (await isFree(port)) return port;
  }
  throw new Error(`No free port of 127.0.0.1 among ${ATTEMPTS} tried from ${FIRST_PORT} to ${LAST_PORT}.`);
}

/** Whether something accepts connections on a port of 127.0.0.1. */
export function portAnswers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const answer = (answered: boolean) => (): void => {
      socket.destroy();
      resolve(answered);
    };
    socket.once('connect', answer(true)).once('error', answer(false));
  });
}
