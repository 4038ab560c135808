import {
  ConcurrentModificationException,
  InvalidApplicationConfigurationException,
  ResourceInUseException,
} from '@aws-sdk/client-kinesis-analytics-v2';
import { log } from '@temporalio/activity';
import type { Begun } from '../../model/messages/streams.ts';

/** Asks for a change. It is not begun when the application is not any more as it was seen. */
export async function asking(change: () => Promise<unknown>): Promise<Begun> {
  try {
    await change();
    return 'begun';
  } catch (error) {
    if (!(error instanceof ResourceInUseException || error instanceof ConcurrentModificationException)) throw error;
    log.warn('It is not as it was seen', { error });
    return 'not as seen';
  }
}

/**
 * Asks for a change that begins with a snapshot, of which a job that is down can take none:
 * https://docs.aws.amazon.com/managed-flink/latest/java/troubleshooting-symptoms.html
 */
export async function askingWithSnapshot(change: () => Promise<unknown>): Promise<Begun> {
  try {
    return await asking(change);
  } catch (error) {
    const isOfSnapshot = error instanceof InvalidApplicationConfigurationException && /snapshot/i.test(error.message);
    if (!isOfSnapshot) throw error;
    log.warn('No snapshot can be taken', { error });
    return 'no snapshot';
  }
}
