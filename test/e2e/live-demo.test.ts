import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { root } from '../tools.ts';

/** 30 hours in 20 seconds; of a few hundred trips some are planted. */
const options = ['--live', '--speed', '5400', '--trips-per-day', '400'];

test('a day that is played live is seen before its night, which finds what was planted and nothing else', async () => {
  const demo = spawn(process.execPath, [join(root, 'cli', 'main.ts'), 'demo', ...options], { cwd: root });
  const [output, problems, [code]] = await Promise.all([text(demo.stdout), text(demo.stderr), once(demo, 'close')]);
  const told = stripVTControlCharacters(output);

  expect(code, `${told}\n${problems}`).toBe(0);
  const [, asPlanted, differ, planted] = /(\d+) of (\d+) that differ are as planted; (\d+) were/.exec(told) ?? [];
  expect(Number(planted)).toBeGreaterThan(0);
  expect([asPlanted, differ]).toEqual([planted, planted]);
  const beforeItsNight = told.slice(0, told.indexOf('The night of'));
  expect(beforeItsNight).toMatch(/[1-9][\d,]* trips in public\.trips, /);
  expect(told).toMatch(/public\.surge_pricing: [1-9]\d* windows of the stream/);
  const [, batch = ''] = / trips of the stream, (\d+) of the batch/.exec(told) ?? [];
  expect(told).toMatch(new RegExp(`public\\.trips of [\\d-]+: ${batch} settling$`, 'm'));
});
