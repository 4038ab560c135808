import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import type { EventTruth, HourTruth, QuarantineTruth } from '../../local/generator/truth.ts';
import { TRUTH_FILES } from '../../local/generator/truth-writer.ts';

export interface Truth {
  readonly hours: HourTruth[];
  readonly events: EventTruth[];
  readonly quarantine: QuarantineTruth[];
}

/**
 * Reads a truth directory as it stands at a cutoff: only lines that arrived before that hour count.
 * That is a plain filter, because the first arrival of an event is the one that is published.
 */
export async function readTruth(directory: string, arrivedBefore = '9999'): Promise<Truth> {
  const read = <T extends { readonly arrival_hour: string }>(name: string): Promise<T[]> =>
    readRows<T>(join(directory, name), (row) => row.arrival_hour < arrivedBefore);
  return {
    hours: await read<HourTruth>(TRUTH_FILES.hours),
    events: await read<EventTruth>(TRUTH_FILES.events),
    quarantine: await read<QuarantineTruth>(TRUTH_FILES.quarantine),
  };
}

export async function readRows<T>(path: string, keep: (row: T) => boolean = () => true): Promise<T[]> {
  const rows: T[] = [];
  const input = createReadStream(path).pipe(createGunzip());
  for await (const line of createInterface({ input, crlfDelay: Infinity })) {
    const row = JSON.parse(line) as T;
    if (keep(row)) rows.push(row);
  }
  return rows;
}
