import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ApplicationRecord } from './records.ts';

/** Applications, in memory and on disk: what was answered survives a restart. */
export class Store {
  readonly applications = new Map<string, ApplicationRecord>();
  readonly #folder: string;

  constructor(stateDir: string) {
    this.#folder = join(stateDir, 'applications');
    mkdirSync(this.#folder, { recursive: true });
    for (const file of readdirSync(this.#folder).filter((name) => name.endsWith('.json'))) {
      const record = JSON.parse(readFileSync(join(this.#folder, file), 'utf8')) as ApplicationRecord;
      this.applications.set(record.name, record);
    }
  }

  add(record: ApplicationRecord): void {
    this.applications.set(record.name, record);
    this.save(record);
  }

  save(record: ApplicationRecord): void {
    // What ends after its application was deleted must not bring it back.
    if (this.applications.get(record.name) !== record) return;
    record.updatedAtMs = Date.now();
    const file = this.#file(record.name);
    // A crash between the two calls leaves the old record, never half a one.
    writeFileSync(`${file}.new`, JSON.stringify(record));
    renameSync(`${file}.new`, file);
  }

  delete(name: string): void {
    this.applications.delete(name);
    rmSync(this.#file(name), { force: true });
  }

  #file(name: string): string {
    return join(this.#folder, `${name}.json`);
  }
}
