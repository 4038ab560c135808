import { App } from 'aws-cdk-lib';
import { LakehouseStack } from './lakehouse-stack.ts';

const app = new App();
const maximumVcpu: unknown = app.node.tryGetContext('maximumVcpu');
new LakehouseStack(app, 'TidelineLakehouse', maximumVcpu === undefined ? {} : { maximumVcpu: Number(maximumVcpu) });
app.synth();
