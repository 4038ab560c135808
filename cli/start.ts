import { Command } from 'commander';
import { root } from './environment.ts';

export const startCommand = new Command('start')
  .description('build the demo day, then stay up: live events arrive and the schedules go on until Ctrl-C')
  .action(async () => {
    const { start } = await import('./laptop/start.ts');
    await start(root);
  });
