import { z } from 'zod';
import { CITY_IDS } from './cities.ts';
import { keyStart } from './time.ts';

const isKey = (value: string): boolean => {
  try {
    keyStart(value);
    return true;
  } catch {
    return false;
  }
};
const dateKeySchema = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}$/, 'expected YYYY-MM-DD')
  .refine(isKey, 'no such date');
const hourKeySchema = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}T\d{2}$/, 'expected YYYY-MM-DDTHH')
  .refine(isKey, 'no such hour');
const share = (byDefault: number) => z.number().min(0).max(1).default(byDefault);

/** How often things go wrong on the way, each a share of all events. */
const mishapsSchema = z.strictObject({
  duplicateSoon: share(0.02),
  duplicateLater: share(0.015),
  /** 1 to 72 hours late; a third of these are over 48 hours late. */
  late: share(0.01),
  fastClock: share(0.002),
  /** Lines that must be quarantined. Half of these events are sent again, whole. */
  faulty: share(0.006),
});

const optionsSchema = z.strictObject({
  seed: z.union([z.string().min(1), z.int()]).default(1),
  /** First UTC day on which trips are requested. */
  start: dateKeySchema,
  days: z.int().min(1).max(3_660).default(1),
  /** Trips requested each day, over all cities. */
  tripsPerDay: z.int().min(1).default(2_000),
  /**
   * How often a driver between trips tells that he is available. Every 30 s in production; more seldom here, or most lines of
   * a day would be that, but often enough that each window of five minutes in which he waits has one.
   */
  reportEverySeconds: z.int().min(10).max(300).default(240),
  /** Events are padded to about this many bytes. 0: no padding (about 600). */
  eventBytes: z.int().min(0).max(65_536).default(1_024),
  cities: z
    .array(z.enum(CITY_IDS))
    .min(1)
    .default([...CITY_IDS]),
  /** Events from this hour on have schema_version v2.2 and new payload fields. */
  newSchemaFrom: hourKeySchema.nullable().default(null),
  /** Only lines that arrive in [arrivedFrom, arrivedBefore) are yielded. */
  arrivedFrom: hourKeySchema.nullable().default(null),
  arrivedBefore: hourKeySchema.nullable().default(null),
  mishaps: mishapsSchema.prefault({}),
});

export type GeneratorOptions = z.input<typeof optionsSchema>;
export type ResolvedOptions = z.output<typeof optionsSchema>;
export type Mishaps = ResolvedOptions['mishaps'];

/** Nothing goes wrong: every event arrives once, whole, within minutes. */
export const NO_MISHAPS: Mishaps = { duplicateSoon: 0, duplicateLater: 0, late: 0, fastClock: 0, faulty: 0 };

export class InvalidGeneratorOptions extends Error {
  override readonly name = 'InvalidGeneratorOptions';
}

/** Fills in the defaults; throws `InvalidGeneratorOptions` listing every problem at once. */
export function resolveOptions(options: GeneratorOptions): ResolvedOptions {
  const parsed = optionsSchema.safeParse(options);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'options'}: ${issue.message}`);
  throw new InvalidGeneratorOptions(`invalid generator options:\n  ${problems.join('\n  ')}`);
}
