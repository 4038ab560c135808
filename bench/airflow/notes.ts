import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

export type Noted = 'began' | 'done';

/** Where tasks of both orchestrators write down what they do: one file a case, one line each time. */
export class Notes {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  clear(): void {
    rmSync(this.folder, { recursive: true, force: true });
    mkdirSync(this.folder, { recursive: true });
  }

  add(caseName: string, task: number, what: Noted): void {
    appendFileSync(join(this.folder, caseName), `${task} ${what}\n`);
  }

  /** How often each task of a case has begun, or was done. */
  count(caseName: string, what: Noted): Map<string, number> {
    const file = join(this.folder, caseName);
    const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
    const counts = new Map<string, number>();
    for (const line of lines) {
      const [task = '', noted] = line.split(' ');
      if (noted === what) counts.set(task, (counts.get(task) ?? 0) + 1);
    }
    return counts;
  }
}
