import { App } from 'aws-cdk-lib';
import { LakehouseStack } from './lakehouse-stack.ts';

const app = new App();
const maximumVcpu: unknown = app.node.tryGetContext('maximumVcpu');
/** `-c alertsOnCall=https://…,name@example.com`: who is told on a topic. */
const subscribersOf = (name: string): string[] => {
  const given: unknown = app.node.tryGetContext(name);
  return typeof given === 'string' ? given.split(',') : [];
};
new LakehouseStack(app, 'TidelineLakehouse', {
  ...(maximumVcpu !== undefined && { maximumVcpu: Number(maximumVcpu) }),
  subscribers: { onCall: subscribersOf('alertsOnCall'), team: subscribersOf('alertsTeam') },
});
app.synth();
