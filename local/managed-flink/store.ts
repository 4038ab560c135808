import { join } from 'node:path';
import { RecordFiles } from '../record-files.ts';
import type { ApplicationRecord } from './records.ts';

/** Applications, in memory and on disk: what was answered survives a restart. */
export class Store {
  readonly applications = new Map<string, ApplicationRecord>();
  readonly #files: RecordFiles<ApplicationRecord>;

  constructor(stateDir: string) {
    this.#files = new RecordFiles(join(stateDir, 'applications'));
    for (const record of this.#files.load()) this.applications.set(record.name, record);
  }

  add(record: ApplicationRecord): void {
    this.applications.set(record.name, record);
    this.save(record);
  }

  save(record: ApplicationRecord): void {
    // What ends after its application was deleted must not bring it back.
    if (this.applications.get(record.name) !== record) return;
    record.updatedAtMs = Date.now();
    this.#files.save(record.name, record);
  }

  delete(name: string): void {
    this.applications.delete(name);
    this.#files.delete(name);
  }
}
