import { join } from 'node:path';
import { RecordFiles } from '../record-files.ts';
import type { ApplicationRecord, RunRecord } from './records.ts';

/** Applications and runs, in memory and on disk: what was answered survives a restart. */
export class Store {
  readonly applications = new Map<string, ApplicationRecord>();
  readonly runs = new Map<string, RunRecord>();
  readonly #applicationFiles: RecordFiles<ApplicationRecord>;
  readonly #runFiles: RecordFiles<RunRecord>;
  #lastSequence = 0;

  constructor(stateDir: string) {
    this.#applicationFiles = new RecordFiles(join(stateDir, 'applications'));
    this.#runFiles = new RecordFiles(join(stateDir, 'runs'));
    for (const record of this.#applicationFiles.load()) this.applications.set(record.id, record);
    const runs = this.#runFiles.load().toSorted((a, b) => a.sequence - b.sequence);
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
    this.#applicationFiles.save(record.id, record);
  }

  saveRun(record: RunRecord): void {
    record.updatedAtMs = Date.now();
    this.runs.set(record.id, record);
    this.#runFiles.save(record.id, record);
  }

  deleteApplication(id: string): void {
    this.applications.delete(id);
    this.#applicationFiles.delete(id);
  }

  /** In order of arrival. */
  runsOf(applicationId: string): RunRecord[] {
    return [...this.runs.values()].filter((run) => run.applicationId === applicationId);
  }
}
