import { invalid, notFound } from './errors.ts';
import type { Names } from './identity.ts';
import type { Store } from './store.ts';

/** Tags of applications and job runs, by ARN. */
export class Tags {
  readonly #store: Store;
  readonly #names: Names;

  constructor(store: Store, names: Names) {
    this.#store = store;
    this.#names = names;
  }

  list(arn: string): Record<string, string> {
    return { ...this.#owner(arn).record.tags };
  }

  add(arn: string, tags: Readonly<Record<string, string>>): void {
    const { record, save } = this.#owner(arn);
    record.tags = { ...record.tags, ...tags };
    save();
  }

  remove(arn: string, keys: readonly string[]): void {
    const { record, save } = this.#owner(arn);
    record.tags = Object.fromEntries(Object.entries(record.tags).filter(([key]) => !keys.includes(key)));
    save();
  }

  #owner(arn: string): { record: { tags: Record<string, string> }; save: () => void } {
    const ids = this.#names.parse(arn);
    if (ids === undefined) throw invalid(`${arn} is not of this account and region`);
    const application = this.#store.applications.get(ids.applicationId);
    if (application === undefined) throw notFound(`Resource ${arn} does not exist`);
    if (ids.jobRunId === undefined) {
      return {
        record: application,
        save: () => {
          this.#store.saveApplication(application);
        },
      };
    }
    const run = this.#store.runs.get(ids.jobRunId);
    if (run?.applicationId !== application.id) throw notFound(`Resource ${arn} does not exist`);
    return {
      record: run,
      save: () => {
        this.#store.saveRun(run);
      },
    };
  }
}
