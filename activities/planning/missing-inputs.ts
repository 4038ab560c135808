import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { cancellationSignal } from '@temporalio/activity';
import type { DateTime } from 'luxon';
import type { Catalogue } from '../../model/catalogue.ts';
import type { AwaitedInputs, InputsAsked, MissingInput } from '../../model/messages/inputs.ts';
import { intervalKey, intervalStart, type ProductRange, runsOf, shiftInterval } from '../../model/intervals.ts';
import type { Orchestrator } from '../orchestrator.ts';
import { expectedFrom } from './expected-from.ts';
import { type LedgerReader, surveyProduct } from './survey.ts';

/**
 * The intervals of a run that should be published and are not, as runs of one state. Nothing is missed from before it is
 * expected, of a schedule that was made at `madeAt`.
 */
export async function missingOf(
  catalogue: Catalogue,
  ledger: LedgerReader,
  { product, start, end }: ProductRange,
  madeAt?: Date,
): Promise<MissingInput[]> {
  const from = await expectedFrom(ledger, catalogue.get(product), start, madeAt);
  if (from === null || from >= end) return [];
  const surveyed = await surveyProduct(ledger, catalogue, catalogue.get(product), { start: from, end });
  const states = new Set(
    surveyed.map(({ state }) => state).filter((state) => state !== 'published' && state !== 'stale'),
  );
  const missing = [...states].flatMap((state) => {
    const intervals = surveyed.filter((each) => each.state === state).map(({ interval }) => interval);
    return runsOf(catalogue.get(product).grain, intervals).map((run) => ({ product, ...run, state }));
  });
  return missing.sort((a, b) => a.start.localeCompare(b.start));
}

/**
 * What the builds of a plan read outside of the plan and is not published, up to an instant. `building` are the intervals
 * of each product that the plan builds, `covers` what it looks after.
 */
export async function missingBeside(
  catalogue: Catalogue,
  ledger: LedgerReader,
  building: ReadonlyMap<string, readonly string[]>,
  covers: readonly ProductRange[],
  at: DateTime,
): Promise<MissingInput[]> {
  const beside = [...building].flatMap(([key, intervals]) =>
    catalogue.get(key).inputs.flatMap(({ product, fromOffset, toOffset }): ProductRange[] => {
      const [first, last] = [intervals[0], intervals.at(-1)];
      if (first === undefined || last === undefined) return [];
      const { grain } = catalogue.get(product);
      const ofInput = (interval: string, count: number): string =>
        shiftInterval(grain, intervalKey(grain, intervalStart(interval)), count);
      const [end = ''] = [ofInput(last, toOffset), intervalKey(grain, at)].sort();
      const read = { product, start: ofInput(first, fromOffset), end };
      const own = covers.find((each) => each.product === product);
      return own
        ? [
            { ...read, end: own.start },
            { ...read, start: own.end },
          ]
        : [read];
    }),
  );
  const missing = await Promise.all(beside.map((range) => missingOf(catalogue, ledger, range)));
  const byName = new Map(missing.flat().map((run) => [`${run.product} ${run.start}`, run]));
  return [...byName.values()];
}

/** When the schedule was made that builds a product. */
export async function scheduleMadeAt(
  catalogue: Catalogue,
  orchestrator: Pick<Orchestrator, 'scheduleOf'>,
  product: string,
): Promise<Date | undefined> {
  return (await orchestrator.scheduleOf(catalogue.get(product).cadence.scheduleId))?.createdAt;
}

/**
 * Looks at inputs until all are published, something else is missing than `known`, or the time is up.
 */
export async function awaitInputs(
  catalogue: Catalogue,
  ledger: LedgerReader,
  orchestrator: Pick<Orchestrator, 'scheduleOf'>,
  { inputs, until, known }: InputsAsked,
  pollMs: number,
): Promise<AwaitedInputs> {
  const asked = inputs.map(async (input) => ({
    input,
    madeAt: await scheduleMadeAt(catalogue, orchestrator, input.product),
  }));
  const ranges = await Promise.all(asked);
  for (;;) {
    const found = ranges.map(({ input, madeAt }) => missingOf(catalogue, ledger, input, madeAt));
    const missing = (await Promise.all(found)).flat();
    const expired = Date.now() >= Date.parse(until);
    if (missing.length === 0 || expired || !isDeepStrictEqual(missing, known)) return { missing, expired };
    await delay(pollMs, undefined, { signal: cancellationSignal() });
  }
}
