import { App } from 'aws-cdk-lib';
import { LakehouseStack } from './lakehouse-stack.ts';

const app = new App();
new LakehouseStack(app, 'TidelineLakehouse');
app.synth();
