import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { cancellationSignal } from '@temporalio/activity';
import { batchOf, type Catalogue } from '../../model/catalogue.ts';
import { intervalsOfDate } from '../../model/graph.ts';
import { intervalStart, shiftInterval } from '../../model/intervals.ts';
import type { AwaitedInputs, MissingInput, SettlingAsked } from '../../model/messages/inputs.ts';
import type { Product } from '../../model/product.ts';
import type { Orchestrator } from '../orchestrator.ts';
import { missingOf, scheduleMadeAt } from './missing-inputs.ts';
import { type LedgerReader, surveyProduct } from './survey.ts';

/**
 * What is missing before the batch's rows of a date may take the place of a stream's, or be compared with them. Every table that they are made from
 * was asked for after the date had ended, or half a day would settle it; the last one is loaded; and the date's hours are
 * there, unless somebody has built without them, or they are older than what is expected.
 */
export async function missingToSettle(
  catalogue: Catalogue,
  ledger: LedgerReader,
  orchestrator: Pick<Orchestrator, 'scheduleOf'>,
  key: string,
  date: string,
): Promise<MissingInput[]> {
  const settling = batchOf(catalogue, key);
  const missing: MissingInput[] = [];
  let isForced = false;
  for (const product of madeFrom(catalogue, settling)) {
    if (product.grain === 'hour') {
      if (isForced) continue;
      const hours = { product: product.key, ...intervalsOfDate(catalogue, product.key, date) };
      const madeAt = await scheduleMadeAt(catalogue, orchestrator, product.key);
      missing.push(...(await missingOf(catalogue, ledger, hours, madeAt)));
      continue;
    }
    const end = shiftInterval('date', date, 1);
    const [surveyed] = await surveyProduct(ledger, catalogue, product, { start: date, end });
    const published = surveyed?.record?.published;
    isForced ||= published?.forced !== undefined;
    const tell = (state: string): unknown => missing.push({ product: product.key, start: date, end, state });
    if (!surveyed || !published || surveyed.state === 'running') tell(surveyed?.state ?? 'missing');
    else if (published.generation < intervalStart(end).toMillis()) tell('built before the date had ended');
    else if (product === settling && !published.loaded) tell('unloaded');
  }
  return missing;
}

/** A product and all that it is made from, each before its inputs. */
function madeFrom(catalogue: Catalogue, product: Product): Product[] {
  const below = product.inputs.flatMap((input) => madeFrom(catalogue, catalogue.get(input.product)));
  return [...new Set([product, ...below])].sort((a, b) => Number(a.grain === 'hour') - Number(b.grain === 'hour'));
}

/** Looks until nothing is missing, something else is missing than `known`, or the time is up. */
export async function awaitSettling(
  catalogue: Catalogue,
  ledger: LedgerReader,
  orchestrator: Pick<Orchestrator, 'scheduleOf'>,
  { product, date, until, known }: SettlingAsked,
  pollMs: number,
): Promise<AwaitedInputs> {
  for (;;) {
    const missing = await missingToSettle(catalogue, ledger, orchestrator, product, date);
    const expired = Date.now() >= Date.parse(until);
    if (missing.length === 0 || expired || !isDeepStrictEqual(missing, known)) return { missing, expired };
    await delay(pollMs, undefined, { signal: cancellationSignal() });
  }
}
