import { ApplicationFailure } from '@temporalio/common';
import { type Catalogue, CatalogueError } from '../../products/catalogue.ts';
import type { IntervalRange } from '../../workflows/intervals.ts';
import type { BuildInput } from '../../workflows/messages.ts';
import { type BuildPlan, type JobConfig, planBuild, planDailyBatch, planGold, type Stage } from './plan.ts';

/** A plan from bad input fails the same way every time: it is told once, not retried. */
function plainly<Plan>(make: () => Plan): Plan {
  try {
    return make();
  } catch (error) {
    if (error instanceof CatalogueError || error instanceof RangeError)
      throw ApplicationFailure.nonRetryable(error.message, 'BadInput');
    throw error;
  }
}

/** What the products' contracts say, brought into the history so that workflows never decide by a product's name. */
export function createCatalogueActivities(catalogue: Catalogue, config: JobConfig) {
  return {
    async planBuild(input: BuildInput & { generation: number }): Promise<BuildPlan> {
      return plainly(() => planBuild(catalogue, config, input));
    },
    async planDailyBatch({ date }: { date: string }): Promise<Stage[]> {
      return plainly(() => planDailyBatch(catalogue, date));
    },
    async planGold(range: IntervalRange): Promise<Stage[]> {
      return plainly(() => planGold(catalogue, range));
    },
  };
}

export type CatalogueActivities = ReturnType<typeof createCatalogueActivities>;
