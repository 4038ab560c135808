import { KinesisClient } from '@aws-sdk/client-kinesis';
import { NodeHttpHandler } from '@smithy/node-http-handler';

/** Its own handler speaks HTTP/2, which the emulator does not. */
export const kinesisClient = (): KinesisClient => new KinesisClient({ requestHandler: new NodeHttpHandler() });
