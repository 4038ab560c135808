export { operation, type RequestContext, type Validated } from './operation.ts';
export type { Quota } from './quotas.ts';
export { runServer } from './run-server.ts';
export { createAwsServer, type AwsServer, type AwsServerOptions } from './server.ts';
