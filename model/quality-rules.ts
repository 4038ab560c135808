import { z } from 'zod';

const limit = z.number();
const between = z.tuple([z.number(), z.number()]);
const operators = {
  mustBe: limit,
  mustNotBe: limit,
  mustBeGreaterThan: limit,
  mustBeGreaterOrEqualTo: limit,
  mustBeLessThan: limit,
  mustBeLessOrEqualTo: limit,
  mustBeBetween: between,
  mustNotBeBetween: between,
};

/** A rule of a metric: what no rule of it knows is refused, so that no misspelt one holds for ever. */
const ruleOf = <M extends string, S extends z.core.$ZodLooseShape>(metric: M, shape: S) =>
  z.strictObject({
    metric: z.literal(metric),
    description: z.string().optional(),
    unit: z.enum(['rows', 'percent']).optional(),
    severity: z.enum(['critical', 'error', 'warning', 'info']),
    ...z.object(operators).partial().shape,
    ...shape,
  });

const oneOperator = (rule: object, context: z.RefinementCtx): void => {
  const used = Object.keys(rule).filter((name) => name in operators);
  if (used.length !== 1)
    context.addIssue({
      code: 'custom',
      message: `must have exactly one of ${Object.keys(operators).join(', ')}; has ${used.join(', ') || 'none'}`,
    });
};

const value = z.union([z.string(), z.number(), z.boolean()]);
const invalid = z
  .strictObject({
    validValues: z.array(value).min(1),
    pattern: z.string(),
    minimum: z.number(),
    maximum: z.number(),
  })
  .partial()
  .refine((bounds) => Object.keys(bounds).length > 0, 'must have validValues, pattern, minimum or maximum');

/** Rules of one column, of ODCS's library. */
export const columnRuleSchema = z
  .discriminatedUnion('metric', [
    ruleOf('nullValues', {}),
    ruleOf('missingValues', { arguments: z.strictObject({ missingValues: z.array(value.nullable()).min(1) }) }),
    ruleOf('invalidValues', { arguments: invalid }),
    ruleOf('duplicateValues', {}),
  ])
  .superRefine(oneOperator);

/** Rules of a whole table. `validShare` is ours: rows that were not quarantined, of all that came in. */
export const tableRuleSchema = z
  .discriminatedUnion('metric', [
    ruleOf('duplicateValues', { arguments: z.strictObject({ properties: z.array(z.string()).min(1) }) }),
    ruleOf('rowCount', {}),
    ruleOf('validShare', {
      unit: z.literal('percent'),
      /** Of fewer rows the share is told, and is no verdict. */
      arguments: z.strictObject({ minimumRows: z.int().nonnegative() }).optional(),
    }),
  ])
  .superRefine(oneOperator);
