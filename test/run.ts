// `npm test` runs every suite, two at a time, and ends with `N passed, N failed`; `npm run verify` runs the quick checks alone.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { root, tools } from './tools.ts';

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

interface Step {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Reads what the step's own report says; a check without tests counts as one. */
  readonly count?: () => Counts;
}

const reports = join(root, '.tideline', 'reports');

function vitest(...projects: string[]): Step {
  const name = projects.join(', ');
  const file = join(reports, `vitest-${projects.join('-')}.json`);
  return {
    name,
    command: 'vitest',
    args: [
      'run',
      ...projects.flatMap((project) => ['--project', project]),
      // Of the slow suites every test is told when it ends.
      `--reporter=${projects.length > 1 ? 'default' : 'verbose'}`,
      '--reporter=json',
      `--outputFile.json=${file}`,
    ],
    count: () => {
      const report = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown> & {
        testResults: { status: string; assertionResults: unknown[] }[];
      };
      // A file that breaks before its first test has no failed test; it counts as one.
      const brokenFiles = report.testResults.filter(
        ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
      );
      return {
        passed: Number(report.numPassedTests),
        failed: Number(report.numFailedTests) + brokenFiles.length,
        skipped: Number(report.numPendingTests) + Number(report.numTodoTests),
      };
    },
  };
}

function pytest(name: string, python: string, ...paths: string[]): Step {
  const file = join(reports, `pytest-${name.replaceAll(' ', '-')}.xml`);
  return {
    name,
    command: python,
    args: ['-m', 'pytest', '-q', '-p', 'no:cacheprovider', '--durations=10', `--junitxml=${file}`, ...paths],
    count: () => junitCounts(file),
  };
}

/** Flink's applications, with what was installed for their build and no network. */
function maven(name: string): Step {
  const folder = join(reports, name.replaceAll(' ', '-'));
  const repository = join(root, '.tideline', 'flink-jobs', 'm2');
  const options = ['-B', '-q', '-o', `-Dmaven.repo.local=${repository}`, `-Dtest.reports=${folder}`];
  return {
    name,
    command: 'mvn',
    args: ['-f', join('flink-jobs', 'pom.xml'), ...options, 'test'],
    count: () => sum(globSync(join(folder, 'TEST-*.xml')).map(junitCounts)),
  };
}

function junitCounts(file: string): Counts {
  const suite = /<testsuite\s[^>]*>/.exec(readFileSync(file, 'utf8'))?.[0] ?? '';
  const value = (attribute: string): number => Number(new RegExp(` ${attribute}="(\\d+)"`).exec(suite)?.[1] ?? 0);
  const [failed, skipped] = [value('failures') + value('errors'), value('skipped')];
  return { passed: value('tests') - failed - skipped, failed, skipped };
}

function sum(counts: readonly Counts[]): Counts {
  const total = (key: keyof Counts): number => counts.reduce((all, each) => all + each[key], 0);
  return { passed: total('passed'), failed: total('failed'), skipped: total('skipped') };
}

const python = join(root, '.tideline', 'tools', 'venv', 'bin');
const checks: readonly Step[] = [
  { name: 'format', command: 'prettier', args: ['--check', '--log-level', 'warn', '.'] },
  { name: 'lint', command: 'eslint', args: ['.'] },
  { name: 'types', command: 'tsc', args: ['--noEmit'] },
  {
    name: 'ruff',
    command: join(python, 'ruff'),
    args: ['check', '--quiet', '--config', 'spark-jobs/pyproject.toml', 'spark-jobs', 'test', 'bench'],
  },
  {
    name: 'ruff format',
    command: join(python, 'ruff'),
    args: ['format', '--quiet', '--check', '--config', 'spark-jobs/pyproject.toml', 'spark-jobs', 'test', 'bench'],
  },
  {
    name: 'mypy',
    command: join(python, 'mypy'),
    args: ['--config-file', 'spark-jobs/pyproject.toml', 'spark-jobs/tideline_jobs'],
  },
];
/** Whether every product's SQL fits its contract. */
const models = pytest('models', tools.python, 'test/spark/test_models.py');
const quick = vitest('unit', 'workflow', 'replay');
/** The longest first, so that both places are busy to the end. */
const suites: readonly Step[] = [
  vitest('crash'),
  pytest('spark', tools.python, 'test/spark'),
  vitest('e2e'),
  vitest('wire'),
  quick,
  maven('flink jobs'),
  pytest('wire clients', tools.clientsPython, 'test/wire'),
];
/** Each suite waits for its engines half of the time. */
const atOnce = 2;

const running = new Set<ChildProcess>();
const stop = new AbortController();
// A terminal sends Ctrl-C to the suites too; a second one would end them before they have cleaned up.
process.on('SIGINT', () => {
  stop.abort();
});
process.on('SIGTERM', () => {
  stop.abort();
  for (const child of running) child.kill('SIGINT');
});

type Result = Counts & { readonly name: string; readonly seconds: number };

async function run({ name, command, args, count }: Step): Promise<Result> {
  const tell = (line: string): void => {
    process.stdout.write(`${name} │ ${line}\n`);
  };
  const began = Date.now();
  const child = spawn(command, [...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
  });
  running.add(child);
  const told = [child.stdout, child.stderr].map((stream) => tellLines(stream, tell));
  const status = await once(child, 'close').then(
    ([code]: unknown[]) => code,
    (error: unknown) => {
      tell(String(error));
      return null;
    },
  );
  await Promise.all(told);
  running.delete(child);
  const seconds = Math.round((Date.now() - began) / 1000);
  const ended = { name, seconds };
  if (!count) return { ...ended, passed: status === 0 ? 1 : 0, failed: status === 0 ? 0 : 1, skipped: 0 };
  const counts = readCounts(count);
  // A runner that failed without a failed test (a crash, no test at all) is a failure too.
  return { ...ended, ...counts, failed: Math.max(counts.failed, status === 0 && counts.passed > 0 ? 0 : 1) };
}

async function tellLines(stream: Readable, tell: (line: string) => void): Promise<void> {
  for await (const line of createInterface({ input: stream })) if (line.trim() !== '') tell(line);
}

/** Runs steps in their order, so many at once. */
async function runAll(steps: readonly Step[]): Promise<Result[]> {
  const results: Result[] = [];
  const waiting = [...steps];
  const place = async (): Promise<void> => {
    for (let step = waiting.shift(); step && !stop.signal.aborted; step = waiting.shift())
      results.push(await run(step));
  };
  await Promise.all(Array.from({ length: atOnce }, place));
  return results;
}

function readCounts(count: () => Counts): Counts {
  try {
    return count();
  } catch (error) {
    console.error(`No report of this suite could be read: ${String(error)}`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

if (existsSync(reports)) rmSync(reports, { recursive: true });
mkdirSync(reports, { recursive: true });
const results = await runAll([...checks, ...(process.argv.includes('--verify') ? [models, quick] : suites)]);
const all = sum(results);
process.stdout.write('\n');
for (const { name, passed, failed, skipped, seconds } of results) {
  process.stdout.write(
    `${failed > 0 ? '✗' : '✓'} ${name.padEnd(24)} ${passed} passed, ${failed} failed, ${skipped} skipped, ${seconds} s\n`,
  );
}
process.stdout.write(
  `\n${all.passed} passed, ${all.failed} failed${all.skipped > 0 ? `, ${all.skipped} skipped` : ''}\n`,
);
process.exitCode = stop.signal.aborted || all.failed > 0 ? 1 : 0;
