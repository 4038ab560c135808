import { z } from 'zod';

const limit = z.number();
const between = z.tuple([z.number(), z.number()]).refine(([low, high]) => low <= high, 'must be [low, high]');
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

function isPattern(text: string): boolean {
  try {
    new RegExp(text, 'u');
    return true;
  } catch {
    return false;
  }
}

const value = z.union([z.string(), z.number(), z.boolean()]);
const invalid = z
  .strictObject({
    validValues: z.array(value).min(1),
    pattern: z.string().refine(isPattern, 'must be a regular expression'),
    minimum: z.number(),
    maximum: z.number(),
  })
  .partial()
  .refine((bounds) => Object.keys(bounds).length > 0, 'must have validValues, pattern, minimum or maximum')
  .refine(({ minimum = -Infinity, maximum = Infinity }) => minimum <= maximum, 'minimum must not be more than maximum');

/** Rules of one column, of ODCS's library. */
export const columnRuleSchema = z
  .discriminatedUnion('metric', [
    ruleOf('nullValues', {}),
    ruleOf('missingValues', { arguments: z.strictObject({ missingValues: z.array(value.nullable()).min(1) }) }),
    ruleOf('invalidValues', { arguments: invalid }),
    ruleOf('duplicateValues', {}),
  ])
  .superRefine(oneOperator);

/** Why a rule can say nothing of a column of this type, which only a job would find out; null where it can. */
export function unfit(rule: z.infer<typeof columnRuleSchema>, logicalType: string): string | null {
  const isNumber = ['integer', 'number'].includes(logicalType);
  const type = isNumber ? 'number' : logicalType;
  const foreign = (values: readonly unknown[]): boolean => values.some((each) => each !== null && typeof each !== type);
  if (rule.metric === 'missingValues')
    return foreign(rule.arguments.missingValues) ? `missingValues must be of the type ${type}` : null;
  if (rule.metric !== 'invalidValues') return null;
  const { validValues = [], pattern, minimum, maximum } = rule.arguments;
  if (foreign(validValues)) return `validValues must be of the type ${type}`;
  if (pattern !== undefined && type !== 'string') return 'pattern is for texts';
  return !isNumber && (minimum ?? maximum) !== undefined ? 'minimum and maximum are for numbers' : null;
}

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
