import { Command } from 'commander';

export const deployCommand = new Command('deploy')
  .description(
    'publish the Spark jobs and the stream’s applications, make the tables of warehouse and Glue catalogue and the namespace’s search attributes, apply the schedules, and have the applications supervised, where AWS_* and TEMPORAL_* point',
  )
  .action(async () => {
    const { deploy } = await import('../deployment/deploy.ts');
    console.log(`TIDELINE_JOBS_VERSION=${await deploy(process.env)}`);
  });
