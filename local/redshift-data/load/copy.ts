import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { CopyCommand } from '../sql/copy.ts';
import { copyIn } from './copy-stream.ts';
import { atPlace } from './load-error.ts';
import type { ObjectStore } from './object-store.ts';
import { parquetToCsv, withDuckDb } from './parquet.ts';
import { sourceFiles } from './source-files.ts';
import { targetColumns } from './target-columns.ts';

/** Runs COPY inside the client's transaction; gives the number of rows loaded. */
export async function copyFromS3(
  client: pg.Client,
  objects: ObjectStore,
  command: CopyCommand,
  signal: AbortSignal,
): Promise<number> {
  const columns = await targetColumns(client, command);
  const files = await sourceFiles(command, objects, signal);
  const names = columns.map((column) => pg.escapeIdentifier(column.name)).join(', ');
  const sql = `COPY ${command.table} (${names}) FROM STDIN (FORMAT csv)`;
  const folder = await mkdtemp(join(tmpdir(), 'redshift-copy-'));
  const { serializeToJson, fillRecord } = command;
  const options = { csvPath: join(folder, 'rows.csv'), serializeToJson, fillRecord };
  try {
    return await withDuckDb(signal, async (db) => {
      let rows = 0;
      // One file at a time keeps the disk that a load needs at the size of its largest file.
      for (const [index, url] of files.entries()) {
        signal.throwIfAborted();
        // Each at a path of its own: DuckDB remembers files by path, size and second, and would read the one before again.
        const path = join(folder, `rows-${index}.parquet`);
        await objects.download(url, path, signal);
        await parquetToCsv(db, { path, url }, columns, options);
        rows += await copyIn(client, sql, options.csvPath).catch((error: unknown) => {
          throw atPlace(error, url, columns);
        });
        await rm(path);
      }
      return rows;
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
