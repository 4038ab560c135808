import { type Catalogue, comparedStreams, settledStreams } from '../../model/catalogue.ts';
import { compareSchedule, maintenanceSchedule, mergeSchedule, reconcileSchedule } from '../../model/cadences.ts';
import type { FreshnessFinding } from '../../model/messages/freshness.ts';
import type { Orchestrator, ServerSchedule } from '../orchestrator.ts';
import { builtProducts } from './survey.ts';

export type Schedules = ReadonlyMap<string, ServerSchedule | null>;

/** The schedules that build and maintain what a catalogue holds, as the server has them, by id; null for what is not there. */
export async function schedulesOf(
  catalogue: Catalogue,
  orchestrator: Pick<Orchestrator, 'scheduleOf'>,
): Promise<Schedules> {
  const products = [...catalogue.products.values()];
  const ids = [
    ...products.flatMap(({ key, cadence }) => [cadence.scheduleId, maintenanceSchedule(key)]),
    ...[...catalogue.streams.keys()].map(mergeSchedule),
    ...settledStreams(catalogue).map(({ key }) => reconcileSchedule(key)),
    ...comparedStreams(catalogue).map(({ key }) => compareSchedule(key)),
  ];
  const found = [...new Set(ids)].map(async (id) => [id, await orchestrator.scheduleOf(id)] as const);
  return new Map(await Promise.all(found));
}

export const isStopped = (schedule: ServerSchedule | null | undefined): boolean => schedule?.paused !== false;

/** A finding for each schedule that is paused or missing, in the place of a product its name: what it leaves undone. */
export function stoppedSchedules(catalogue: Catalogue, schedules: Schedules): FreshnessFinding[] {
  const told = (id: string, product: string, undone: string): FreshnessFinding[] => {
    const schedule = schedules.get(id);
    if (!isStopped(schedule)) return [];
    const problem = `schedule ${id} is ${schedule ? 'paused' : 'not on the server'}: ${undone}`;
    const about = { product, interval: null, subject: id };
    return [{ ...about, kind: 'schedule stopped', problem, alarm: 'P1-ScheduleStopped' }];
  };
  const builds = Map.groupBy(builtProducts(catalogue), ({ cadence }) => cadence.scheduleId);
  return [
    ...[...builds].flatMap(([id, products]) =>
      told(id, id, `nothing new is built of ${products.map(({ key }) => key).join(', ')}`),
    ),
    ...[...catalogue.products.keys()].flatMap((key) =>
      told(maintenanceSchedule(key), 'maintenance', `nothing compacts ${key} or removes its old files`),
    ),
    ...[...catalogue.streams.keys()].flatMap((key) =>
      told(mergeSchedule(key), key, `what the stream writes does not reach ${key}`),
    ),
    ...settledStreams(catalogue).flatMap(({ key }) =>
      told(reconcileSchedule(key), key, `dates of ${key} stay as the stream has them`),
    ),
    ...comparedStreams(catalogue).flatMap(({ key }) =>
      told(compareSchedule(key), key, `nobody looks how far ${key} is apart from the batch`),
    ),
  ];
}
