// `npm test` runs every suite, two at a time, and ends with `N passed, N failed`; `npm run verify` runs the quick checks alone.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { junitReport, type Report, sum, vitestReport } from './reports.ts';
import { root, tools } from './tools.ts';

interface Step {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Reads what the step's own report says; a check without tests counts as one. */
  readonly report?: () => Report;
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
    report: () => vitestReport(file),
  };
}

function pytest(name: string, python: string, ...paths: string[]): Step {
  const file = join(reports, `pytest-${name.replaceAll(' ', '-')}.xml`);
  return {
    name,
    command: python,
    args: ['-m', 'pytest', '-q', '-p', 'no:cacheprovider', '--durations=10', `--junitxml=${file}`, ...paths],
    report: () => junitReport([file]),
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
    report: () => junitReport(globSync(join(folder, 'TEST-*.xml'))),
  };
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
    args: ['--config-file', 'spark-jobs/pyproject.toml', 'spark-jobs/tideline_jobs', 'bench/bronze', 'bench/growth'],
  },
];
/** Whether every product's SQL fits its contract. */
const models = pytest('models', tools.python, 'test/spark/test_models.py');
const quick = vitest('unit', 'workflow', 'replay');
/** Long ones first, in an order that keeps both places busy to the end. */
const suites: readonly Step[] = [
  vitest('e2e'),
  vitest('crash'),
  quick,
  vitest('wire'),
  pytest('spark', tools.python, 'test/spark'),
  maven('flink jobs'),
  pytest('wire clients', tools.clientsPython, 'test/wire'),
];
/** Each suite waits for its engines half of the time; three keep two cores busy all the time, and are no sooner done. */
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

type Result = Report & { readonly name: string; readonly seconds: number };

async function run({ name, command, args, report }: Step): Promise<Result> {
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
  if (!report) {
    const passed = status === 0 ? 1 : 0;
    return { ...ended, passed, failed: 1 - passed, skipped: 0, failures: [] };
  }
  const reported = readReport(report);
  // A runner that failed without a failed test (a crash, no test at all) is a failure too.
  return { ...ended, ...reported, failed: Math.max(reported.failed, status === 0 && reported.passed > 0 ? 0 : 1) };
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

function readReport(report: () => Report): Report {
  try {
    return report();
  } catch (error) {
    return { passed: 0, failed: 1, skipped: 0, failures: [`No report of this suite could be read: ${String(error)}`] };
  }
}

if (existsSync(reports)) rmSync(reports, { recursive: true });
mkdirSync(reports, { recursive: true });
const results = await runAll([...checks, ...(process.argv.includes('--verify') ? [models, quick] : suites)]);
const all = sum(results);
for (const { name, failures } of results) for (const each of failures) process.stdout.write(`\n✗ ${name} │ ${each}\n`);
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
