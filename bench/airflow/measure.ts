import { setTimeout as delay } from 'node:timers/promises';
import type { Case } from './cases.ts';
import type { Notes } from './notes.ts';
import type { Orchestrator } from './orchestrator.ts';
import type { ProcessMeter, Usage } from './process-meter.ts';

export interface Measurement extends Usage {
  readonly orchestrator: string;
  readonly caseName: string;
  readonly tasks: number;
  readonly begunTwice: number;
  readonly doneTwice: number;
  readonly lost: number;
  /** What was seen when a case had not ended in time, or had ended badly; empty when all went well. */
  readonly remark: string;
}

const capMs = { killed: 300_000, undisturbed: 1_800_000 };
const restartAfterMs = 5_000;
const killAfterShare = 0.4;

/** Runs one case and measures it. Something killed may leave it stuck, which is told; anything else must end well. */
export async function measure(
  orchestrator: Orchestrator,
  name: string,
  work: Case,
  { meter, notes, interrupted }: { meter: ProcessMeter; notes: Notes; interrupted: AbortSignal },
): Promise<Measurement> {
  const cap = AbortSignal.timeout(work.victim ? capMs.killed : capMs.undisturbed);
  const signal = AbortSignal.any([interrupted, cap]);
  const usage = meter.begin();
  let remark: string;
  try {
    const running = orchestrator.run(work.name);
    const [ended] = await untilAborted(Promise.all([running, disturb(orchestrator, work, notes, signal)]), signal);
    remark = ended === 'success' ? '' : ended;
  } catch (error) {
    if (interrupted.aborted || !cap.aborted) throw error;
    remark = `stuck: ${await orchestrator.unfinished(work.name)}`;
  }
  const used = usage();
  const begun = notes.count(work.name, 'began');
  // The triggerer ends waits by itself, and notes nothing.
  const done = work.name === 'waits' ? begun : notes.count(work.name, 'done');
  const twice = (counts: Map<string, number>): number => [...counts.values()].filter((count) => count > 1).length;
  const counts = { begunTwice: twice(begun), doneTwice: twice(done), lost: work.tasks - done.size };
  if (!work.victim && (remark || counts.lost > 0))
    throw new Error(`${name} did not do all of ${work.name}: ${counts.lost} tasks are not done. ${remark}`);
  return { orchestrator: name, caseName: work.name, tasks: work.tasks, ...used, ...counts, remark };
}

/** Kills what the case names when enough tasks have begun, and starts it again some seconds later. */
async function disturb(orchestrator: Orchestrator, work: Case, notes: Notes, signal: AbortSignal): Promise<void> {
  if (!work.victim) return;
  while (notes.count(work.name, 'began').size < killAfterShare * work.tasks) await delay(100, undefined, { signal });
  await orchestrator.kill(work.victim);
  await delay(restartAfterMs, undefined, { signal });
  await orchestrator.restart(work.victim);
}

/** Waits for a promise until the signal aborts; then throws the signal's reason. */
export async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = (): void => {
    reject(signal.reason as Error);
  };
  signal.throwIfAborted();
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
