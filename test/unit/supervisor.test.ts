import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { signal } from '../../local/process-tree.ts';
import { endLeftovers, Supervisor } from '../../local/supervisor.ts';
import { root } from '../tools.ts';

it('leaves no process behind when it is killed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'supervisor-'));
  const script = `
    import { Supervisor } from '${join(root, 'local', 'supervisor.ts')}';
    const supervisor = new Supervisor('${folder}');
    const { pid } = await supervisor.start({
      name: 'sleeper', command: 'sleep', args: ['600'], isReady: () => true, readyTimeoutMs: 5000,
    });
    process.stdout.write(String(pid));
  `;
  const supervisor = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [output] = (await once(supervisor.stdout, 'data')) as [Buffer];
  const pid = Number(output.toString());
  expect(signal(pid, 0)).toBe(true);
  supervisor.kill('SIGKILL');
  while (signal(pid, 0)) await delay(50);
  rmSync(folder, { recursive: true, force: true });
});

it('leaves alone what the same process starts after it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'supervisor-'));
  const sleeper = { name: 'sleeper', command: 'sleep', args: ['600'], isReady: () => true, readyTimeoutMs: 5_000 };
  const first = new Supervisor(folder);
  await first.start(sleeper);
  await first.stop();
  const second = new Supervisor(folder);
  const { pid } = await second.start(sleeper);
  await delay(1_500);
  expect(signal(pid, 0)).toBe(true);
  await second.stop();
  expect(signal(pid, 0)).toBe(false);
  rmSync(folder, { recursive: true, force: true });
});

it('ends what is left although somebody else, such as a reaper, ends it at the same moment', () => {
  const folder = mkdtempSync(join(tmpdir(), 'supervisor-'));
  const { pid } = spawnSync('true');
  const pidFile = join(folder, 'pids.json');
  writeFileSync(pidFile, JSON.stringify({ supervisor: pid, pids: [{ pid, command: 'a server' }] }));
  // The second time that it is asked for, after the dead supervisor, the process is still there; then no more.
  const ps = `#!/bin/sh\necho >> ${folder}/asked\n[ $(wc -l < ${folder}/asked) -eq 2 ] && echo a server\n`;
  writeFileSync(join(folder, 'ps'), ps, { mode: 0o755 });
  vi.stubEnv('PATH', [folder, process.env.PATH].join(delimiter));
  expect(() => {
    endLeftovers(pidFile);
  }).not.toThrow();
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});
