import { Command } from 'commander';
import { root } from './environment.ts';

export const runCommand = new Command('run')
  .description('build a product from its own cases, show its rows and compare them with those expected; nothing stays')
  .argument('<product>', 'such as gold.daily_metrics')
  .action(async (key: string) => {
    const { runCases } = await import('./laptop/run-cases.ts');
    process.exitCode = await runCases(root, key);
  });
