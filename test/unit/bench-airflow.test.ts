import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { describe, expect, it, onTestFinished } from 'vitest';
import { caseNames, casesOf, sizesOf } from '../../bench/airflow/cases.ts';
import type { Measurement } from '../../bench/airflow/measure.ts';
import { Notes } from '../../bench/airflow/notes.ts';
import { parseOptions } from '../../bench/airflow/options.ts';
import { ProcessMeter } from '../../bench/airflow/process-meter.ts';
import { figuresTable, withFigures } from '../../bench/airflow/report.ts';

const parse = (...args: string[]) =>
  parseOptions(args, new Command().exitOverride().configureOutput({ writeErr: () => undefined }));

describe('what stands after `npm run bench -- airflow`', () => {
  it('is all cases at full size when nothing does', () => {
    expect(parse()).toEqual({ only: caseNames, scale: 1, write: false });
    expect(parse('--only', 'waits', 'chain', '--scale', '0.1')).toEqual({
      only: ['waits', 'chain'],
      scale: 0.1,
      write: false,
    });
  });

  it.each([
    [['--only', 'everything'], /Allowed choices are chain, fan-out/],
    [['--scale', '0'], /above 0 and at most 1/],
    [['--scale', 'large'], /above 0 and at most 1/],
    [['--write', '--only', 'chain'], /--write needs all cases/],
  ])('is refused as %j', (args, message) => {
    expect(() => parse(...args)).toThrow(message);
  });
});

describe('the cases', () => {
  it('keep at least one task and their times when they are scaled', () => {
    const sizes = sizesOf(0.001);
    expect(sizes).toMatchObject({ chain: 1, fanOut: 1, backfillDays: 1, waitSeconds: 30, killSeconds: 5 });
    expect(casesOf(sizesOf(1), ['backfill'])).toEqual([{ name: 'backfill', tasks: 150 }]);
  });
});

describe('the notes of tasks', () => {
  it('tell how often each began and was done', () => {
    const folder = mkdtempSync(join(tmpdir(), 'notes-'));
    onTestFinished(() => {
      rmSync(folder, { recursive: true });
    });
    const notes = new Notes(join(folder, 'notes'));
    notes.clear();
    expect(notes.count('chain', 'began').size).toBe(0);
    for (const task of [1, 10, 1]) notes.add('chain', task, 'began');
    notes.add('chain', 10, 'done');
    expect(Object.fromEntries(notes.count('chain', 'began'))).toEqual({ 1: 2, 10: 1 });
    expect(Object.fromEntries(notes.count('chain', 'done'))).toEqual({ 10: 1 });
  });
});

describe.skipIf(process.platform !== 'linux')('the meter of processes', () => {
  const burn = "while (process.cpuUsage().user < 400_000); console.log('burnt'); setInterval(() => {}, 1000);";

  it('counts what a grandchild used whose parent was killed, and leaves nothing running', async () => {
    const meter = new ProcessMeter();
    try {
      const usage = meter.begin();
      const parent = spawn('sh', ['-c', '"$0" -e "$1" & wait', process.execPath, burn], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(parent.stdout, 'data');
      const [, grandchild = 0] = meter.treeOf(parent.pid ?? 0);
      const exited = once(parent, 'exit');
      parent.kill('SIGKILL');
      await exited;
      expect(process.kill(grandchild, 0)).toBe(true);
      expect(usage().peakMebibytes).toBeGreaterThan(10);
      await meter.killAll();
      expect(() => process.kill(grandchild, 0)).toThrow('ESRCH');
      expect(usage().cpuSeconds).toBeGreaterThanOrEqual(0.4);
    } finally {
      await meter.killAll();
      meter.stop();
    }
  });
});

describe('the report', () => {
  const measured = (orchestrator: string, caseName: string): Measurement => ({
    ...{ orchestrator, caseName, tasks: 1000, wallSeconds: 12.34, cpuSeconds: 5, peakMebibytes: 99.6 },
    ...{ begunTwice: 1, doneTwice: 0, lost: 2, remark: '' },
  });

  it('has the orchestrators of a case one below the other', async () => {
    const table = await figuresTable([
      measured('Airflow', 'chain'),
      measured('Airflow', 'waits'),
      measured('Tideline', 'chain'),
    ]);
    const rows = table.split('\n').slice(2);
    expect(rows.map((row) => row.split(/ *\| */).slice(1, -1))).toEqual([
      ['chain, 1,000 tasks', 'Airflow', '12.3 s', '5.0 s', '100 MiB', '1', '0', '2', ''],
      ['chain, 1,000 tasks', 'Tideline', '12.3 s', '5.0 s', '100 MiB', '1', '0', '2', ''],
      ['waits, 1,000 tasks', 'Airflow', '12.3 s', '5.0 s', '100 MiB', '1', '0', '2', ''],
    ]);
  });

  it('replaces the figures of a document, and only them', () => {
    const first = withFigures(
      'before\n\n<!-- written by: npm run bench -- airflow --write -->\nold\n<!-- end of what is written -->\n\nafter\n',
      'new',
    );
    expect(first).toMatch(/^before\n\n<!-- written .*-->\n\nnew\n\n<!-- end .*-->\n\nafter\n$/);
    expect(withFigures(first, 'newer')).toBe(first.replace('new\n', 'newer\n'));
    expect(() => withFigures('no place', 'new')).toThrow(/docs\/airflow\.md has no place/);
  });
});
