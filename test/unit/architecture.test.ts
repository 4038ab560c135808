import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { builtProducts } from '../../activities/planning/survey.ts';
import { loadCatalogue } from '../../model/catalogue.ts';
import { root } from '../tools.ts';

const catalogue = loadCatalogue();
const tracked = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' }).trim().split('\n');
const sources = tracked.filter((file) => /\.(ts|mjs|py|sql)$/.test(file) && existsSync(join(root, file)));
const lines = (file: string): string[] => readFileSync(join(root, file), 'utf8').split('\n');

describe('the tree', () => {
  it('has only the folders that the architecture names', () => {
    const folders = new Set(tracked.filter((file) => file.includes('/')).map((file) => file.split('/')[0] ?? ''));
    const named =
      'activities bench cli deployment docs flink-jobs infra local model products schedules spark-jobs test workers workflows .ci'.split(
        ' ',
      );
    expect([...folders].filter((folder) => !named.includes(folder))).toEqual([]);
  });

  it('has no source file of more than 400 lines', () => {
    expect(sources.filter((file) => lines(file).length > 401)).toEqual([]);
  });

  it('keeps a workflow on one screen', () => {
    const long = globSync('workflows/*.ts', { cwd: root }).filter((file) => lines(file).length > 140);
    expect(long).toEqual([]);
  });

  it('reads the environment in one place of the workers', () => {
    const readers = sources.filter(
      (file) =>
        /^(workflows|activities|model|schedules|deployment)\//.test(file) &&
        readFileSync(join(root, file), 'utf8').includes('process.env'),
    );
    expect(readers).toEqual([]);
  });
});

describe('the jobs’ package', () => {
  it('imports downwards: products, kinds of products and jobs from the engine, all from tables and the model', () => {
    const layers = [['products'], ['kinds', 'jobs'], ['engine'], ['tables'], ['model']];
    const heightOf = (folder: string): number => layers.findIndex((layer) => layer.includes(folder));
    const upward = globSync('spark-jobs/tideline_jobs/*/**/*.py', { cwd: root }).flatMap((file) => {
      const folder = file.split('/')[2] ?? '';
      const imported = readFileSync(join(root, file), 'utf8').matchAll(/^from tideline_jobs\.(\w+)/gm);
      return [...imported]
        .map(([, other = '']) => other)
        .filter((other) => other !== folder && heightOf(other) <= heightOf(folder))
        .map((other) => `${file} imports ${other}`);
    });
    expect(upward).toEqual([]);
  });
});

describe('every product', () => {
  it.each(builtProducts(catalogue))('$key has a case, and its Spark module where it needs one', (product) => {
    const module = join(root, 'spark-jobs', 'tideline_jobs', 'products', `${product.key.replace('.', '/')}.py`);
    expect(existsSync(module)).toBe(product.build.kind === 'batch');
    expect(globSync('cases/*.yaml', { cwd: product.folder }).length).toBeGreaterThan(0);
  });
});
