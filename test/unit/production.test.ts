import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../tools.ts';
import { filesFrom, importsOf } from './imports.ts';

interface Package {
  readonly engines: { readonly node: string };
  readonly dependencies: Readonly<Record<string, string>>;
}
const { engines, dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Package;
/** `@temporalio/client/lib/schedule-helpers.js` is of `@temporalio/client`. */
const packageOf = (path: string): string =>
  path
    .split('/')
    .slice(0, path.startsWith('@') ? 2 : 1)
    .join('/');

describe.each(['cli/main.ts', 'workers/orchestration.ts', 'workers/data-plane.ts', 'workflows/index.ts'])(
  'an installation without development packages',
  (entry) => {
    const files = [...filesFrom(entry)];

    it(`has all that ${entry} loads`, () => {
      const packages = files.flatMap(importsOf).filter((path) => !/^(\.|node:)/.test(path));
      expect(packages.length).toBeGreaterThan(0);
      expect([...new Set(packages.map(packageOf))].filter((name) => !(name in dependencies))).toEqual([]);
    });

    it(`loads nothing of the local platform with ${entry} but where it is`, () => {
      expect(
        files.filter((file) => /^(local|bench|test|infra)\//.test(file) && file !== 'local/environment.ts'),
      ).toEqual([]);
    });
  },
);

it('a command reads the contracts when it runs: what is wrong with them is told like any other problem', () => {
  const early = [...filesFrom('cli/main.ts')].filter((file) =>
    /^(export )?const (?!\w+ = \().*loadCatalogue\(\)/m.test(readFileSync(join(root, file), 'utf8')),
  );
  expect(early).toEqual([]);
});

it('the Node that production needs is said where one deploys', () => {
  const { lowest = '' } = /^>=(?<lowest>\S+)$/.exec(engines.node)?.groups ?? {};
  // The first that runs TypeScript as it is.
  expect(lowest).toBe('22.18.0');
  expect(readFileSync(join(root, 'docs', 'deploy.md'), 'utf8')).toContain(`Node ${lowest}`);
});
