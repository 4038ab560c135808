import { sleep } from '@temporalio/workflow';
import { buildProduct as current } from '../../workflows/build-product.ts';
import type { BuildInput, BuildOutcome } from '../../model/messages/builds.ts';

/** An incompatible change: a timer where the histories have none. */
export async function buildProduct(input: BuildInput): Promise<BuildOutcome> {
  await sleep('1s');
  return current(input);
}
