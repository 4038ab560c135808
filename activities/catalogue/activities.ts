import type { Catalogue } from '../../model/catalogue.ts';
import type { IntervalRange, ProductRange } from '../../model/intervals.ts';
import type { BuildInput } from '../../model/messages/builds.ts';
import type { StreamPlan } from '../../model/messages/realtime.ts';
import { refusingBadInput } from '../failures.ts';
import {
  type BuildPlan,
  type JobConfig,
  planBuild,
  planDailyBatch,
  planGold,
  planInputs,
  planMaintenance,
  planRestatement,
  planRestore,
  planStream,
  type Stage,
  type TablePlan,
} from './plan.ts';

/** What the products' contracts say, brought into the history so that workflows never decide by a product's name. */
export function createCatalogueActivities(catalogue: Catalogue, config: JobConfig) {
  return {
    async planBuild(input: BuildInput & { generation: number }): Promise<BuildPlan> {
      return refusingBadInput(() => planBuild(catalogue, config, input));
    },
    async planMaintenance(input: { product: string; generation: number }): Promise<TablePlan> {
      return refusingBadInput(() => planMaintenance(catalogue, config, input));
    },
    async planRestore(input: { product: string; version: number; generation: number }): Promise<TablePlan> {
      return refusingBadInput(() => planRestore(catalogue, config, input));
    },
    async planStream(input: Parameters<typeof planStream>[1]): Promise<StreamPlan> {
      return refusingBadInput(() => planStream(catalogue, input));
    },
    async planDailyBatch({ date }: { date: string }): Promise<Stage[]> {
      return refusingBadInput(() => planDailyBatch(catalogue, date));
    },
    async planInputs(input: { date: string; firedAt: string }): Promise<ProductRange[]> {
      return refusingBadInput(() => planInputs(catalogue, input.date, input.firedAt));
    },
    async planRestatement({ product, dates }: { product: string; dates: readonly string[] }): Promise<ProductRange[]> {
      return refusingBadInput(() => planRestatement(catalogue, product, dates));
    },
    async planGold(range: IntervalRange): Promise<Stage[]> {
      return refusingBadInput(() => planGold(catalogue, range));
    },
  };
}

export type CatalogueActivities = ReturnType<typeof createCatalogueActivities>;
