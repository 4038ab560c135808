import { allHandlersFinished, condition, continueAsNew, setWorkflowOptions, workflowInfo } from '@temporalio/workflow';
import type { ApplicationLook, StreamHealth, SuperviseStreamInput } from '../model/messages/streams.ts';
import type { Measurement } from '../model/metrics.ts';
import { checkInput } from './inputs.ts';
import { streams, streamWaits } from './proxies.ts';
import { controlStream, type StreamControl } from './stream-control.ts';
import { type Change, isChange, isWell, nextStep } from './stream-step.ts';

/** Of as many minutes its figures are looked at. */
const watchedMs = 10 * 60_000;
const snapshotEveryMs = 6 * 3_600_000;
/** Of more than two days, where the stream keeps one. */
const snapshotsKept = 10;

/**
 * Keeps an application running as desired, for ever: looks at it once a minute, makes it, starts it, updates it, and puts it
 * back to its version before where an update does not run well. People are told by its figures, its details and the `status`
 * query. A cancel ends the supervision, and leaves the application as it is.
 */
export async function superviseStream(input: SuperviseStreamInput): Promise<never> {
  checkInput('superviseStream', input);
  const control = controlStream(input);
  for (;;) {
    const look = await streams.lookAtApplication(control.desired);
    control.saw(look);
    const step = nextStep(look, control.told, Date.now());
    const health = step === 'watch' ? await watch(look, control) : null;
    const isChanged = isChange(step) && (await change(step, look, control));
    await streams.publishFigures(figuresOf(look, health, control));
    if (!isChanged) await control.untilNextLook();
    if (workflowInfo().continueAsNewSuggested) {
      await condition(allHandlersFinished);
      await continueAsNew<typeof superviseStream>(control.carry());
    }
  }
}

/** Does what is to be done and waits for its end; tells whether anything is otherwise now. */
async function change(step: Change, look: ApplicationLook, control: StreamControl): Promise<boolean> {
  const { desired, told } = control;
  const { application } = desired;
  const snapshot = told.rewind?.snapshot ?? look.snapshots[0]?.name ?? null;
  const begin = {
    create: () => streams.createApplication(desired),
    start: () => streams.startApplication({ application, snapshot }),
    update: () => streams.updateApplication({ desired, versionId: look.versionId }),
    stop: () => streams.stopApplication({ application }),
    await: () => Promise.resolve(true),
  };
  return control.trying(step, async () => {
    if (!(await begin[step]())) return false;
    await streamWaits.awaitApplication({ application });
    const after = await streams.lookAtApplication(desired);
    // Who goes back to a snapshot does not need another of what is left; a pause waits until there is one.
    if (step === 'stop' && after.is === 'running' && told.rewind !== null) {
      await streams.stopApplication({ application, force: true });
      await streamWaits.awaitApplication({ application });
    }
    control.did(step, look, after, snapshot);
    return after.is !== look.is || after.versionId !== look.versionId;
  });
}

/** Looks at the figures of what runs, and takes back an update that does not run well within its time. */
async function watch(look: ApplicationLook, control: StreamControl): Promise<StreamHealth> {
  const { desired, told } = control;
  const { application } = desired;
  const since = Math.max(told.onProbationSince ?? 0, Date.now() - watchedMs);
  const health = await streams.readStreamHealth({ application, since });
  control.felt(health);
  if (told.onProbationSince === null) await keepSnapshots(look, control);
  else if (isWell(health)) control.proved();
  else if (control.probationIsOver())
    await control.trying('take back', async () => {
      if (!(await streams.rollBackApplication({ application, versionId: look.versionId }))) return false;
      control.takesBack();
      await streamWaits.awaitApplication({ application });
      return true;
    });
  return health;
}

/** One can be gone back to, and a start after a failure begins not long ago. An update on probation gets none of its own. */
async function keepSnapshots(
  { snapshots }: ApplicationLook,
  { desired: { application } }: StreamControl,
): Promise<void> {
  const newest = snapshots[0] ? Date.parse(snapshots[0].takenAt) : 0;
  if (Date.now() - newest < snapshotEveryMs) return;
  await streams.takeSnapshot({ application, name: `regular-${Math.floor(Date.now() / snapshotEveryMs)}` });
  await streams.pruneSnapshots({ application, keep: snapshotsKept });
}

function figuresOf(
  look: ApplicationLook,
  health: StreamHealth | null,
  { desired, told }: StreamControl,
): Measurement[] {
  const product = desired.application;
  return [
    { name: 'streams_down', value: look.is === 'running' && health?.downMs === 0 ? 0 : 1, product },
    { name: 'stream_updates_refused', value: told.refused === null ? 0 : 1, product },
    ...(health ? [{ name: 'stream_checkpoints_failed' as const, value: health.failedCheckpoints, product }] : []),
    ...(health?.behindMs
      ? [{ name: 'stream_lag_minutes' as const, value: health.behindMs.last / 60_000, product }]
      : []),
  ];
}

// It lives for ever, through every deploy.
setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, superviseStream);
