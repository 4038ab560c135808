import { join } from 'node:path';
import { createProgress, faint, type Progress, seconds } from '../../cli/terminal.ts';
import { Supervisor } from '../../local/supervisor.ts';
import { airflow } from './airflow.ts';
import { type Case, casesOf, type Sizes, sizesOf } from './cases.ts';
import { measure, type Measurement, untilAborted } from './measure.ts';
import { Notes } from './notes.ts';
import type { Options } from './options.ts';
import type { OrchestratorKind } from './orchestrator.ts';
import { ProcessMeter } from './process-meter.ts';
import { tideline } from './tideline/tideline.ts';

const progressEveryMs = process.stdout.isTTY ? 1_000 : 15_000;

interface Comparison {
  readonly root: string;
  readonly folder: string;
  readonly sizes: Sizes;
  readonly notes: Notes;
  readonly meter: ProcessMeter;
  readonly progress: Progress;
  readonly interrupt: AbortController;
}

/** Runs the cases by one orchestrator after the other, so that neither takes the other's cores. Leaves nothing running. */
export async function compare(root: string, { only, scale }: Options): Promise<Measurement[]> {
  const folder = join(root, '.tideline', 'bench', 'airflow');
  const comparison: Comparison = {
    root,
    folder,
    sizes: sizesOf(scale),
    notes: new Notes(join(folder, 'notes')),
    meter: new ProcessMeter(),
    progress: createProgress(),
    interrupt: new AbortController(),
  };
  const { meter, interrupt } = comparison;
  const stop = (signal: NodeJS.Signals): void => {
    interrupt.abort(new Error(`Stopped by ${signal}`));
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);
  const measurements: Measurement[] = [];
  try {
    for (const kind of [airflow, tideline]) {
      for (const [index, group] of groupsOf(casesOf(comparison.sizes, only)).entries()) {
        const [start, ...measured] = await runGroup(kind, group, comparison);
        measurements.push(...(start && index === 0 ? [start] : []), ...measured);
      }
    }
    return measurements;
  } finally {
    await meter.killAll();
    meter.stop();
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}

/** Cases that share one start of the orchestrator; after something was killed, nothing may be as it was. */
function groupsOf(cases: readonly Case[]): Case[][] {
  const undisturbed = cases.filter(({ victim }) => !victim);
  const killed = cases.filter(({ victim }) => victim);
  return [undisturbed, ...killed.map((work) => [work])].filter((group) => group.length > 0);
}

/** Starts an orchestrator anew and gives it some cases. Resolves to what the start took, then each case. */
async function runGroup(kind: OrchestratorKind, group: readonly Case[], all: Comparison): Promise<Measurement[]> {
  const { root, sizes, notes, meter, progress, interrupt } = all;
  notes.clear();
  const folder = join(all.folder, kind.name.toLowerCase());
  const supervisor = new Supervisor(folder);
  supervisor.onUnexpectedExit = (message) => {
    interrupt.abort(new Error(message));
  };
  progress.step(`${kind.name}: start`);
  const bench = { root, folder, notesFolder: notes.folder, sizes, supervisor, meter };
  const start = await untilAborted(kind.prepare(bench), interrupt.signal);
  const usage = meter.begin();
  const orchestrator = await untilAborted(start(), interrupt.signal);
  const started = { caseName: 'start', tasks: 0, ...usage(), begunTwice: 0, doneTwice: 0, lost: 0, remark: '' };
  const measurements: Measurement[] = [{ orchestrator: kind.name, ...started }];
  try {
    for (const work of group) {
      progress.step(`${kind.name}: ${work.name}`);
      const began = Date.now();
      const ticking = setInterval(() => {
        const done = notes.count(work.name, work.name === 'waits' ? 'began' : 'done').size;
        progress.tick(`${done}/${work.tasks} ${faint(seconds(Date.now() - began))}`);
      }, progressEveryMs);
      try {
        measurements.push(
          await measure(orchestrator, kind.name, work, { meter, notes, interrupted: interrupt.signal }),
        );
      } finally {
        clearInterval(ticking);
        progress.end();
      }
    }
  } finally {
    await orchestrator.stop();
    await meter.killAll();
  }
  return measurements;
}
