import { ApplicationFailure, CancellationScope, condition, setCurrentDetails, setHandler } from '@temporalio/workflow';
import { runName } from './builds-failed.ts';
import { type AwaitedInputs, type Decision, type MissingInput, proceedUpdate } from '../model/messages/inputs.ts';
import type { ProductRange } from '../model/intervals.ts';
import { markdownTable } from './markdown.ts';
import type { Forced } from '../model/messages/builds.ts';
import type { Lane } from '../model/queues.ts';
import { waits } from './proxies.ts';

/** Somebody's decision to go on, as soon as there is one. */
export interface Taken {
  decision: Decision | null;
}

/** Takes the first decision to go on with what is there, from the start of the workflow on; `forced` is one made before. */
export function takeDecision(forced: Decision | null): Taken {
  const taken: Taken = { decision: forced };
  setHandler(
    proceedUpdate,
    (decision) => {
      taken.decision ??= decision;
    },
    {
      validator: ({ by, why }) => {
        if (!by || !why) throw new RangeError('Say who goes on and why: --input \'{"by":"your name","why":"…"}\'');
      },
    },
  );
  return taken;
}

/**
 * Waits until inputs are published. Where somebody decides to go on without what is missing, that comes back with the
 * decision. Fails when something is still missing at `until`.
 */
export async function awaitInputs(
  inputs: readonly ProductRange[],
  until: string,
  taken: Taken,
  lane: Lane,
): Promise<Forced | null> {
  const look = (known: readonly MissingInput[] | null) => waits(lane).awaitInputs({ inputs, until, known });
  let found = await look(null);
  while (found.missing.length > 0 && !taken.decision) {
    if (found.expired) throw inputsMissing(found.missing, until, batchAdvice);
    setCurrentDetails([waitingDetails(found.missing, until), '', howToProceed].join('\n'));
    const { missing } = found;
    found = (await unlessDecided(() => look(missing), taken)) ?? found;
  }
  setCurrentDetails('');
  return taken.decision && found.missing.length > 0 ? { missing: found.missing.map(runName), ...taken.decision } : null;
}

/** Null when somebody decides before `wait` ends. */
async function unlessDecided(wait: () => Promise<AwaitedInputs>, taken: Taken): Promise<AwaitedInputs | null> {
  const scope = new CancellationScope();
  try {
    return await scope.run(() => Promise.race([wait(), condition(() => taken.decision !== null).then(() => null)]));
  } finally {
    scope.cancel();
  }
}

/**
 * Waits until what settles a stream's date is published and loaded: without it there is nothing to go on with. Fails when
 * something is still missing at `until`.
 */
export async function awaitSettling(product: string, date: string, until: string, lane: Lane): Promise<void> {
  const look = (known: readonly MissingInput[] | null) => waits(lane).awaitSettling({ product, date, until, known });
  for (let found = await look(null); found.missing.length > 0; found = await look(found.missing)) {
    if (found.expired) throw inputsMissing(found.missing, until, settlingAdvice);
    setCurrentDetails(waitingDetails(found.missing, until));
  }
  setCurrentDetails('');
}

const howToProceed =
  'To go on without: `temporal workflow update execute --name proceed --input \'{"by":"your name","why":"…"}\' --workflow-id …`';
const batchAdvice = 'Build them and start the batch again, or start it with "force": true to build without them.';
const settlingAdvice = 'Build and load them, then start the reconciliation again.';

function waitingDetails(missing: readonly MissingInput[], until: string): string {
  return [
    `Waits until ${until} for what it reads:`,
    '',
    markdownTable(
      ['input', 'state'],
      [],
      missing.map((run) => [runName(run), run.state]),
    ),
  ].join('\n');
}

function inputsMissing(missing: readonly MissingInput[], until: string, advice: string): ApplicationFailure {
  const told = missing.map((run) => `${runName(run)} (${run.state})`).join(', ');
  return ApplicationFailure.create({
    message: `Not published by ${until}: ${told}. ${advice}`,
    type: 'InputsMissing',
    nonRetryable: true,
  });
}
