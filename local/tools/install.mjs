// Installs what the project needs into the checkout: npm packages, two Python environments, Spark's jars, Flink and its applications.
// Runs on the machine's own Node before anything is installed, so it is plain JavaScript without dependencies.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildFlinkJobs, flinkJars, flinkSources } from './flink-jobs.mjs';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const toolsDir = join(root, '.tideline', 'tools');
const venv = join(toolsDir, 'venv');
const here = join(root, 'local', 'tools');

const required = [
  {
    name: 'Python 3.11 or newer',
    commands: ['python3.11', 'python3.12', 'python3.13', 'python3'],
    args: ['-c', 'import sys, venv; assert sys.version_info >= (3, 11); print(sys.executable)'],
    fix: 'apt-get install python3 python3-venv   (or: brew install python@3.11)',
  },
  {
    name: 'Java 17',
    commands: ['java'],
    args: ['-version'],
    accept: /version "(17|21)/,
    fix: 'apt-get install openjdk-17-jdk-headless   (or: brew install openjdk@17)',
  },
  {
    name: 'A Java 17 compiler',
    commands: ['javac'],
    args: ['-version'],
    accept: /javac (17|21)/,
    fix: 'apt-get install openjdk-17-jdk-headless   (or: brew install openjdk@17)',
  },
  {
    name: 'Maven 3.6 or newer',
    commands: ['mvn'],
    args: ['-v'],
    accept: /Apache Maven 3\.([6-9]|\d\d)|Apache Maven 4/,
    fix: 'apt-get install maven   (or: brew install maven)',
  },
];

/** The first command that answers as required, or an error that says what to install. */
function findTool({ name, commands, args, accept, fix }) {
  for (const command of commands) {
    const answer = spawnSync(command, args, { encoding: 'utf8' });
    if (answer.status === 0 && (!accept || accept.test(answer.stdout + answer.stderr))) return command;
  }
  return new Error(`${name} is missing (looked for ${commands.join(', ')}). Install it with: ${fix}`);
}

export async function run(command, args) {
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => said.push(bytes));
  const failed = (why) => new Error(`${command} ${args.slice(0, 4).join(' ')} failed:\n${why}`);
  await new Promise((resolve, reject) => {
    child.on('error', ({ message }) => reject(failed(message)));
    child.on('close', (status) => {
      if (status === 0) resolve();
      else reject(failed(Buffer.concat(said).toString().trim().slice(0, 3000)));
    });
  });
}

/** What is installed side by side: one waits for the network while the other unpacks. Ends when all have, and tells all that failed. */
async function together(...steps) {
  const outcomes = await Promise.allSettled(steps);
  const problems = outcomes.flatMap(({ reason }) => reason?.message ?? []);
  if (problems.length > 0) throw new Error(problems.join('\n\n'));
}

/** Runs a step unless its lock file is the one it last ran with and its targets (or one) are there. The stamp is written last: a broken install starts anew. */
export async function step(name, lockFiles, targets, install, stamps = toolsDir) {
  mkdirSync(stamps, { recursive: true });
  const stamp = join(stamps, `${name}.stamp`);
  const digest = createHash('sha256');
  for (const file of lockFiles) digest.update(readFileSync(join(root, file)));
  const wanted = `${digest.digest('hex')} ${process.platform}-${process.arch}\n`;
  if ([targets].flat().every(existsSync) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  const began = Date.now();
  process.stderr.write(`  installing ${name} …\n`);
  rmSync(stamp, { force: true });
  await install();
  writeFileSync(stamp, wanted);
  process.stderr.write(`  installed ${name} in ${((Date.now() - began) / 1000).toFixed(0)} s\n`);
}

/** Makes a virtual environment with exactly the packages of a lock file. */
export async function pythonEnvironment(python, directory, requirements) {
  rmSync(directory, { recursive: true, force: true });
  await run(python, ['-m', 'venv', directory]);
  const inside = join(directory, 'bin', 'python');
  await run(inside, ['-m', 'pip', 'install', '-q', '--require-hashes', '-r', join(here, 'uv.txt')]);
  await run(join(directory, 'bin', 'uv'), [
    'pip',
    'install',
    '-q',
    '--python',
    inside,
    '--require-hashes',
    // Spark comes as a source archive, of which a wheel is made and unpacked at once: compressing it took ten seconds.
    '--config-settings-package',
    'pyspark:--build-option=--compression=stored',
    '-r',
    join(root, requirements),
  ]);
}

/** Copies the jars that a POM of this folder names. */
async function copyJars(pom, directory, options = []) {
  const repository = `${directory}-m2`;
  await run('mvn', [
    '-B',
    '-q',
    '-f',
    join(here, pom),
    `-Dmaven.repo.local=${repository}`,
    'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies',
    `-DoutputDirectory=${directory}`,
    '-DincludeScope=runtime',
    ...options,
  ]);
  rmSync(repository, { recursive: true, force: true });
}

/** Lays out Flink as its processes expect it: `lib/`, and a folder a plugin in `plugins/`. */
async function layOutFlink(directory) {
  rmSync(directory, { recursive: true, force: true });
  const archives = join(directory, 'archives');
  mkdirSync(archives, { recursive: true });
  // An archive of jars has nothing to build, but pip asks it for its name.
  const options = ['--no-deps', '--no-cache-dir', '--no-build-isolation', '--require-hashes'];
  const wanted = ['-r', join(here, 'flink.txt'), '-d', archives];
  await run(join(venv, 'bin', 'python'), ['-m', 'pip', 'download', '-q', ...options, ...wanted]);
  const [archive] = readdirSync(archives);
  const name = archive.replace(/\.tar\.gz$/, '');
  await run('tar', ['-xzf', join(archives, archive), '-C', directory, '--strip-components=2', `${name}/deps/lib`]);
  rmSync(archives, { recursive: true });
  await copyJars('flink-plugins.xml', join(directory, 'plugins', 's3-fs-hadoop'));
}

/** Compiles what the jobs need in Java into `.tideline/spark-jobs`: the log store that `publish-jobs.ts` ships with them. */
function buildLogStore(jars) {
  const folder = join(root, '.tideline', 'spark-jobs');
  const source = 'spark-jobs/log-store/tideline/ConditionalPutLogStore.java';
  // Its name says what it was built from: a deploy never ships the jar of another source.
  const digest = createHash('sha256')
    .update(readFileSync(join(root, source)))
    .digest('hex');
  const [jar, classes] = [join(folder, `log-store-${digest}.jar`), join(folder, 'classes')];
  const build = async () => {
    rmSync(classes, { recursive: true, force: true });
    const python = readdirSync(join(venv, 'lib')).find((name) => name.startsWith('python'));
    const spark = join(venv, 'lib', python, 'site-packages', 'pyspark', 'jars');
    const classPath = [jars, spark].map((each) => join(each, '*')).join(delimiter);
    await run('javac', ['--release', '17', '-cp', classPath, '-d', classes, source]);
    await run('jar', ['--create', '--file', jar, '-C', classes, '.']);
  };
  return step('log store', [source, 'local/tools/jars.xml'], jar, build, folder);
}

/**
 * Brings the checkout's tools up to its lock files. `clients` adds what only tests use: third-party AWS clients, and Flink with
 * its applications.
 */
export async function install({ clients }) {
  const [major] = process.versions.node.split('.').map(Number);
  const found = required.map(findTool);
  const problems = found.filter((tool) => tool instanceof Error).map((problem) => problem.message);
  if (major < 20)
    problems.unshift(`Node ${process.versions.node} is too old: Node 20 or newer is needed (https://nodejs.org)`);
  if (problems.length > 0) throw new Error(problems.join('\n'));
  const python = found[0];

  await step('npm packages', ['package-lock.json'], join(root, 'node_modules'), () =>
    // Not `npm ci`: it refuses a lock file in which a registry could not show another platform's optional packages.
    run('npm', ['install', '--no-save', '--no-fund', '--no-audit']),
  );
  const jars = join(toolsDir, 'jars');
  await together(
    step('Temporal, AWS emulator, Spark', ['local/tools/requirements.txt'], join(venv, 'bin', 'python'), () =>
      pythonEnvironment(python, venv, 'local/tools/requirements.txt'),
    ),
    step('Delta Lake and S3A jars', ['local/tools/jars.xml'], jars, () => {
      rmSync(jars, { recursive: true, force: true });
      return copyJars('jars.xml', jars, ['-DexcludeGroupIds=io.netty', '-DexcludeArtifactIds=slf4j-api']);
    }),
  );
  await buildLogStore(jars);
  if (clients) {
    const clientsVenv = join(toolsDir, 'clients-venv');
    await together(
      step('AWS clients for the tests', ['test/python/requirements.txt'], join(clientsVenv, 'bin', 'python'), () =>
        pythonEnvironment(python, clientsVenv, 'test/python/requirements.txt'),
      ),
      installStreamTools(),
    );
  }
}

/** Flink as the local Managed Flink runs it, and the jars of flink-jobs/. */
export async function installStreamTools() {
  const flink = join(toolsDir, 'flink');
  const jars = flinkJars.map((jar) => join(root, jar));
  await together(
    step('Flink', ['local/tools/flink.txt', 'local/tools/flink-plugins.xml'], flink, () => layOutFlink(flink)),
    step('the stream’s applications', flinkSources(root), jars, () => buildFlinkJobs(root, run)),
  );
}

/** The environment in which the project's own Node and tools come first. */
export function toolEnvironment() {
  const path = [join(root, 'node_modules', 'node', 'bin'), join(root, 'node_modules', '.bin'), process.env.PATH ?? ''];
  return { ...process.env, PATH: path.join(delimiter) };
}
