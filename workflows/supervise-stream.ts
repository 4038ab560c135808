import {
  allHandlersFinished,
  condition,
  continueAsNew,
  patched,
  setWorkflowOptions,
  workflowInfo,
} from '@temporalio/workflow';
import type {
  ApplicationLook,
  Begun,
  DesiredApplication,
  StreamHealth,
  SuperviseStreamInput,
} from '../model/messages/streams.ts';
import { checkInput } from './inputs.ts';
import { streams } from './proxies.ts';
import { figuresOfStream, healthOf } from './stream-figures.ts';
import { StreamControl } from './stream-control.ts';
import { startsFrom } from './stream-lineage.ts';
import { untilSettled } from './stream-settled.ts';
import { keepSnapshots } from './stream-snapshots.ts';
import { canRollBack, type Change, isChange, isAsWanted, isWell, nextStep } from './stream-step.ts';

/** Of as many minutes its figures are looked at; of fewer, to see whether an update runs well by now. */
const watchedMs = 10 * 60_000;
const provingMs = 3 * 60_000;

/**
 * Keeps an application running as desired, for ever: looks at it once a minute, makes it, starts it, updates it, and puts it
 * back to its version before where an update does not run well. People are told by its figures, its details and the `status`
 * query. A cancel ends the supervision, and leaves the application as it is.
 */
export async function superviseStream(input: SuperviseStreamInput): Promise<never> {
  checkInput('superviseStream', input);
  const control = new StreamControl(input);
  for (;;) {
    const { wanted } = control;
    const look = await streams.lookAtApplication(wanted);
    control.saw(look, wanted);
    // What is seen may change what is wanted, as where all is gone: then it is seen beside that.
    if (control.wantsElse(wanted)) continue;
    const step = nextStep(look, wanted, control.told, Date.now());
    const isChanged = isChange(step) && (await change(step, look, wanted, control));
    if (!isChanged) {
      const seesFigures = step === 'watch' || (look.is === 'running' && patched('sees-figures-whatever-it-could-not'));
      const health = seesFigures ? await feel(control) : null;
      if (step === 'watch' && health) await watch(look, health, wanted, control);
      await streams.publishFigures(figuresOfStream(look, health, control));
      await control.untilNextLook();
    }
    if (workflowInfo().continueAsNewSuggested) {
      await condition(allHandlersFinished);
      await continueAsNew<typeof superviseStream>(control.carry());
    }
  }
}

/** Does what is to be done and waits for its end; tells whether anything is otherwise now. */
async function change(
  step: Change,
  look: ApplicationLook,
  desired: DesiredApplication,
  control: StreamControl,
): Promise<boolean> {
  const { told } = control;
  const { application } = desired;
  const { versionId } = look;
  const snapshot = startsFrom(look, told);
  const change = { step, desired, before: look, snapshot, rewind: told.rewind };
  const begin: Readonly<Record<Change, () => Promise<Begun>>> = {
    create: () => streams.createApplication(desired),
    start: () => streams.startApplication({ application, snapshot }),
    update: () => streams.updateApplication({ desired, versionId, isRunning: look.is === 'running' }),
    'take back': () =>
      canRollBack(look, told)
        ? streams.rollBackApplication({ application, versionId })
        : streams.stopApplication({ application, force: true }),
    stop: () => streams.stopApplication({ application }),
    await: () => Promise.resolve('not as seen'),
  };
  control.isUpdateStopped = false;
  try {
    const begun = await begin[step]();
    let after = await untilSettled(desired, control);
    // A job that is down takes no snapshot. Who goes back, or brings other code, needs none of what is left; a pause waits.
    const goesOn =
      step === 'update'
        ? begun === 'no snapshot' || (await isStuck(after, control))
        : step === 'stop' && told.rewind !== null;
    if (goesOn && after.is === 'running') {
      await streams.stopApplication({ application, force: true });
      after = await untilSettled(desired, control);
      if (after.is !== 'running') control.note('Stopped without a snapshot, for it could take none');
    }
    // A pause waits until it can.
    else if (begun === 'no snapshot') control.note('Not stopped: it can take no snapshot');
    // Of one that has met another change, only what has become right is sure.
    else if (begun === 'begun' || isAsWanted(step, after)) control.did(change, after);
    return after.is !== look.is || after.versionId !== look.versionId;
  } catch (error) {
    control.couldNot(change, error);
    return false;
  }
}

/** Whether an update could not be made because the job that it was to replace fails again and again. */
async function isStuck({ differs, problem }: ApplicationLook, control: StreamControl): Promise<boolean> {
  if (differs.length === 0 || !/snapshot/i.test(problem ?? '')) return false;
  return (await healthOf(control, watchedMs)).restarts > 0;
}

/** Looks at the figures of what runs: of an update on probation at those of the last minutes. */
async function feel(control: StreamControl): Promise<StreamHealth> {
  const health = await healthOf(control, control.told.onProbationSince === null ? watchedMs : provingMs);
  control.felt(health);
  return health;
}

/** An update on probation proves itself by its figures, or is to be taken back. */
async function watch(
  look: ApplicationLook,
  health: StreamHealth,
  wanted: DesiredApplication,
  control: StreamControl,
): Promise<void> {
  const isOnProbation = control.told.onProbationSince !== null;
  if (isWell(health) && look.differs.length === 0) control.runsWell(wanted);
  // Where nothing is told, nothing is known.
  else if (isOnProbation && health.figures > 0) control.judge(wanted);
  if (!isOnProbation) await keepSnapshots(look, control);
}

// It lives for ever, through every deploy.
setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, superviseStream);
