export { operation, type RequestContext, type Validated } from './operation.ts';
export { createAwsServer, type AwsServer, type AwsServerOptions } from './server.ts';
