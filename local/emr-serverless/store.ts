import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ApplicationRecord, RunRecord } from './records.ts';

const load = <Record>(folder: string): Record[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Record);

const save = (folder: string, id: string, record: object): void => {
  const file = join(folder, `${id}.json`);
  // A crash between the two calls leaves the old record, never half a one.
  writeFileSync(`${file}.new`, JSON.stringify(record));
  renameSync(`${file}.new`, file);
};

/** Applications and runs, in memory and on disk: what was answered survives a restart. */
export class Store {
  readonly applications = new Map<string, ApplicationRecord>();
  readonly runs = new Map<string, RunRecord>();
  readonly #applicationDir: string;
  readonly #runDir: string;
  #lastSequence = 0;

  constructor(stateDir: string) {
    this.#applicationDir = join(stateDir, 'applications');
    this.#runDir = join(stateDir, 'runs');
    for (const folder of [this.#applicationDir, this.#runDir]) mkdirSync(folder, { recursive: true });
    for (const record of load<ApplicationRecord>(this.#applicationDir)) this.applications.set(record.id, record);
    const runs = load<RunRecord>(this.#runDir).toSorted((a, b) => a.sequence - b.sequence);
    for (const record of runs) {
      this.runs.set(record.id, record);
      this.#lastSequence = record.sequence;
    }
  }

  nextSequence(): number {
    this.#lastSequence += 1;
    return this.#lastSequence;
  }

  saveApplication(record: ApplicationRecord): void {
    record.updatedAtMs = Date.now();
    this.applications.set(record.id, record);
    save(this.#applicationDir, record.id, record);
  }

  saveRun(record: RunRecord): void {
    record.updatedAtMs = Date.now();
    this.runs.set(record.id, record);
    save(this.#runDir, record.id, record);
  }

  deleteApplication(id: string): void {
    this.applications.delete(id);
    rmSync(join(this.#applicationDir, `${id}.json`), { force: true });
  }

  /** In order of arrival. */
  runsOf(applicationId: string): RunRecord[] {
    return [...this.runs.values()].filter((run) => run.applicationId === applicationId);
  }
}
