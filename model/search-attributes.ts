import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';

/** What people find runs by in the Web UI and with `temporal workflow list`. */
export const attributes = {
  product: defineSearchAttributeKey('Product', SearchAttributeType.KEYWORD),
  interval: defineSearchAttributeKey('Interval', SearchAttributeType.KEYWORD),
  lane: defineSearchAttributeKey('Lane', SearchAttributeType.KEYWORD),
  planId: defineSearchAttributeKey('PlanId', SearchAttributeType.KEYWORD),
  buildState: defineSearchAttributeKey('BuildState', SearchAttributeType.KEYWORD),
  costUsd: defineSearchAttributeKey('CostUsd', SearchAttributeType.DOUBLE),
} as const;
