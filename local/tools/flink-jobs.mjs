// Builds the stream's applications of artifacts whose checksums stand in flink-jobs/artifacts.sha256: this Maven has no lock file.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, sep } from 'node:path';

const list = 'flink-jobs/artifacts.sha256';
/** Maven's repository of this build alone, kept so that it can be repeated without a network. */
const repository = join('.tideline', 'flink-jobs', 'm2');
/** The jar of each application, below the checkout. */
export const flinkJars = ['trip-sessions', 'surge-pricing'].map((name) =>
  join('flink-jobs', name, 'target', `${name}.jar`),
);

const filesIn = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));

/** What decides the jars: paths below the checkout. */
export function flinkSources(root) {
  const files = filesIn(join(root, 'flink-jobs')).map((file) => file.slice(root.length + 1));
  const built = files.filter((file) => /\/pom\.xml$|\/src\/main\//.test(file.replaceAll(sep, '/')));
  return [...built.sort(), list];
}

/** Builds the jars; throws, and leaves none, where an artifact is not the one that the list says. */
export async function buildFlinkJobs(root, run) {
  await mavenPackage(root, run);
  const [wanted, found] = [readFileSync(join(root, list), 'utf8'), artifacts(root)];
  const known = new Set(wanted.split('\n'));
  const foreign = found.split('\n').filter((line) => !known.has(line));
  if (foreign.length === 0) return;
  for (const jar of flinkJars) rmSync(join(root, jar));
  rmSync(join(root, repository), { recursive: true });
  throw new Error(
    `${foreign.length} artifacts are not in ${list}, or otherwise:\n${foreign.slice(0, 10).join('\n')}\n` +
      'If the poms were changed, or Maven is another version, run `npm run lock` and look at what it changes.',
  );
}

/** Writes the list anew, of what a build from nothing takes. */
export async function lockFlinkArtifacts(root, run) {
  rmSync(join(root, repository), { recursive: true, force: true });
  await mavenPackage(root, run);
  writeFileSync(join(root, list), artifacts(root));
}

function mavenPackage(root, run) {
  const options = ['-B', '-q', '-C', '-DskipTests', `-Dmaven.repo.local=${join(root, repository)}`];
  return run('mvn', ['-f', join('flink-jobs', 'pom.xml'), ...options, 'package']);
}

/** A line for each artifact in the repository, as sha256sum writes it. */
function artifacts(root) {
  const folder = join(root, repository);
  const lines = filesIn(folder)
    .filter((file) => /\.(jar|pom)$/.test(file))
    .map((file) => [file.slice(folder.length + 1).replaceAll(sep, '/'), readFileSync(file)])
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, bytes]) => `${createHash('sha256').update(bytes).digest('hex')}  ${name}\n`);
  return lines.join('');
}
