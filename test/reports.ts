// What the suites' own reports say: how many tests passed, and which failed.
import { readFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export interface Report extends Counts {
  /** Of each failed test its name, and the beginning of what it says. */
  readonly failures: readonly string[];
}

/** What vitest's JSON says that is taken here. */
interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

export function vitestReport(file: string): Report {
  const report = JSON.parse(readFileSync(file, 'utf8')) as VitestReport;
  // A file that breaks outside its tests has no failed test; it counts as one.
  const brokenFiles = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && assertionResults.every(({ status: ofTest }) => ofTest !== 'failed'),
  );
  const failedTests = report.testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ status }) => status === 'failed');
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + brokenFiles.length,
    skipped: report.numPendingTests + report.numTodoTests,
    failures: [
      ...brokenFiles.map(({ name, message }) => failure(name, message)),
      ...failedTests.map(({ fullName, failureMessages }) => failure(fullName, failureMessages.join('\n'))),
    ],
  };
}

/** Of pytest or Maven. */
export function junitReport(files: readonly string[]): Report {
  const texts = files.map((file) => readFileSync(file, 'utf8'));
  return { ...sum(texts.map(junitCounts)), failures: texts.flatMap(junitFailures) };
}

function junitCounts(report: string): Counts {
  const suite = /<testsuite\s[^>]*>/.exec(report)?.[0] ?? '';
  const value = (attribute: string): number => Number(new RegExp(` ${attribute}="(\\d+)"`).exec(suite)?.[1] ?? 0);
  const [failed, skipped] = [value('failures') + value('errors'), value('skipped')];
  return { passed: value('tests') - failed - skipped, failed, skipped };
}

/** A failed test case begins with its failure; what it printed comes after. */
const junitFailures = (report: string): string[] =>
  [...report.matchAll(/<testcase\s[^>]*?\bname="([^"]*)"[^>]*>\s*<(?:failure|error)\s([^>]*)/g)].map(
    ([, name = '', attributes = '']) => failure(plain(name), plain(/\bmessage="([^"]*)"/.exec(attributes)?.[1] ?? '')),
  );

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&', '#10': '\n' };
const plain = (xml: string): string => xml.replace(/&(#?\w+);/g, (entity, name: string) => entities[name] ?? entity);

export function sum(counts: readonly Counts[]): Counts {
  const total = (key: keyof Counts): number => counts.reduce((all, each) => all + each[key], 0);
  return { passed: total('passed'), failed: total('failed'), skipped: total('skipped') };
}

const failure = (name: string, message: string): string => {
  const lines = stripVTControlCharacters(message).split('\n');
  return [name, ...lines.filter((line) => !line.includes('/node_modules/')).slice(0, 20)].join('\n      ');
};
