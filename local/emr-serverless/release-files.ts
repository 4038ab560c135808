import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** What the release has beside Spark's own jars, by its path there, and the installed file that stands for it. */
const RELEASE_FILES: ReadonlyMap<string, RegExp> = new Map([
  ['/usr/share/aws/delta/lib/delta-spark.jar', /^delta-spark_[\d.]+-[\d.]+\.jar$/],
  ['/usr/share/aws/delta/lib/delta-storage.jar', /^delta-storage-[\d.]+\.jar$/],
]);

export const releasePaths: readonly string[] = [...RELEASE_FILES.keys()];

/** Installed jars: those that every driver has, and those that only a job has which names them. */
export interface InstalledJars {
  readonly always: readonly string[];
  readonly byReleasePath: ReadonlyMap<string, string>;
}

export const readJars = (folder: string): InstalledJars => {
  const names = readdirSync(folder).toSorted();
  const byReleasePath = new Map<string, string>();
  for (const [path, pattern] of RELEASE_FILES) {
    const name = names.find((each) => pattern.test(each));
    if (name === undefined) throw new Error(`${folder} has no jar for ${path}`);
    byReleasePath.set(path, join(folder, name));
  }
  const named = new Set(byReleasePath.values());
  return { always: names.map((name) => join(folder, name)).filter((file) => !named.has(file)), byReleasePath };
};
