import { join } from 'node:path';
import {
  PLAY_TRUTH_FILES,
  type PlayedCopy,
  type PlayedEvent,
  type PlayedFault,
} from '../../local/generator/play-truth.ts';
import { readRows } from './read-truth.ts';

export interface PlayTruth {
  readonly events: PlayedEvent[];
  readonly copies: PlayedCopy[];
  readonly faults: PlayedFault[];
}

/** Reads what must come of a play, in the order in which it was sent. */
export const readPlay = async (directory: string): Promise<PlayTruth> => ({
  events: await readRows<PlayedEvent>(join(directory, PLAY_TRUTH_FILES.events)),
  copies: await readRows<PlayedCopy>(join(directory, PLAY_TRUTH_FILES.copies)),
  faults: await readRows<PlayedFault>(join(directory, PLAY_TRUTH_FILES.faults)),
});
