export { backfill } from './backfill.ts';
export { buildProduct } from './build-product.ts';
export { dailyBatch } from './daily-batch.ts';
export { explainInterval } from './explain-interval.ts';
export { hourlyBronze } from './hourly-bronze.ts';
export { rebuildGold } from './rebuild-gold.ts';
export { restateLateData } from './restate-late-data.ts';
export { watchFreshness } from './watch-freshness.ts';
