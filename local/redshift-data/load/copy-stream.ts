import { createReadStream, createWriteStream } from 'node:fs';
import { once } from 'node:events';
import type pg from 'pg';

/** The part of pg's connection that COPY uses; pg has it, its type declarations do not. */
interface CopyConnection {
  query(text: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
  sendCopyFail(message: string): void;
  readonly stream: { readonly writableNeedDrain: boolean; pause(): void; resume(): void } & NodeJS.EventEmitter;
}

interface CopyHooks {
  readonly sql: string;
  readonly send?: (connection: CopyConnection, failed: () => boolean) => Promise<void>;
  readonly receive?: (connection: CopyConnection, chunk: Buffer) => void;
}

/** Loads a CSV file with COPY … FROM STDIN; gives the number of rows. */
export async function copyIn(client: pg.Client, sql: string, path: string): Promise<number> {
  return runCopy(client, {
    sql,
    send: async (connection, failed) => {
      for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024 })) {
        // A cancel, or a value that does not fit: PostgreSQL has left the COPY, the rest of the file is for nobody.
        if (failed()) return;
        connection.sendCopyFromChunk(chunk as Buffer);
        if (connection.stream.writableNeedDrain) await once(connection.stream, 'drain');
      }
    },
  });
}

/** Writes the output of COPY … TO STDOUT to a file; gives the number of rows. */
export async function copyOut(client: pg.Client, sql: string, path: string): Promise<number> {
  const file = createWriteStream(path);
  let source: CopyConnection['stream'] | undefined;
  file.on('drain', () => source?.resume());
  const rows = await runCopy(client, {
    sql,
    receive: (connection, chunk) => {
      source = connection.stream;
      // A copy: pg reads the next bytes from the server into the memory that this chunk lies in.
      if (!file.write(Buffer.from(chunk))) source.pause();
    },
  });
  file.end();
  await once(file, 'finish');
  // A file that is being ended drains without saying so.
  source?.resume();
  return rows;
}

/** Drives one COPY through pg's interface for queries that handle the protocol themselves. */
function runCopy(client: pg.Client, hooks: CopyHooks): Promise<number> {
  return new Promise((done, failed) => {
    let rows = 0;
    let failure: Error | undefined;
    const query = {
      submit: (connection: unknown) => {
        (connection as CopyConnection).query(hooks.sql);
      },
      handleCopyInResponse: (connection: CopyConnection) => {
        const sent = hooks.send?.(connection, () => failure !== undefined) ?? Promise.resolve();
        sent.then(
          () => {
            connection.endCopyFrom();
          },
          (error: unknown) => {
            failure = error instanceof Error ? error : new Error(String(error));
            connection.sendCopyFail('the file could not be read');
          },
        );
      },
      handleCopyOutResponse: () => undefined,
      handleCopyData: (message: { chunk: Buffer }, connection: CopyConnection) =>
        hooks.receive?.(connection, message.chunk),
      handleCommandComplete: (message: { text: string }) => {
        rows = Number(/\d+$/.exec(message.text)?.[0] ?? 0);
      },
      handleError: (error: Error) => {
        failure ??= error;
        failed(failure);
      },
      handleReadyForQuery: () => {
        if (failure === undefined) done(rows);
        else failed(failure);
      },
    };
    client.query(query);
  });
}
