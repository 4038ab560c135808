import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';

const memberSchema = z.object({ shape: z.string() });

const shapeSchema = z.object({
  type: z.string(),
  min: z.number().optional(),
  max: z.number().optional(),
  pattern: z.string().optional(),
  enum: z.array(z.string()).optional(),
  member: memberSchema.optional(),
  key: memberSchema.optional(),
  value: memberSchema.optional(),
  members: z.record(z.string(), memberSchema).optional(),
});

const modelSchema = z.object({
  metadata: z.object({ targetPrefix: z.string().optional() }),
  operations: z.record(
    z.string(),
    z.object({
      http: z.object({ method: z.string(), requestUri: z.string() }),
      input: memberSchema.optional(),
      output: memberSchema.optional(),
    }),
  ),
  shapes: z.record(z.string(), shapeSchema),
});

/** Limits of one shape. The SDK's schemas carry types and required members but no limits. */
export type Shape = z.infer<typeof shapeSchema>;

export interface ServiceModel {
  readonly targetPrefix: string | undefined;
  readonly operations: z.infer<typeof modelSchema>['operations'];
  readonly shape: (name: string | undefined) => Shape | undefined;
  /** The pattern of a shape, anchored at both ends as the services do. */
  readonly pattern: (source: string) => RegExp;
}

const VENV_LIB = join(import.meta.dirname, '..', '..', '.tideline', 'tools', 'venv', 'lib');

const locate = (service: string, venvLib: string): string => {
  const candidates = readdirSync(venvLib, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name.startsWith('python'))
    .map((entry) => join(venvLib, entry.name, 'site-packages', 'botocore', 'data', service));
  for (const folder of candidates) {
    const newest = readdirSync(folder).toSorted().at(-1);
    if (newest !== undefined) return join(folder, newest, 'service-2.json.gz');
  }
  throw new Error(`botocore's model of ${service} is not under ${venvLib}: install the local platform's tools`);
};

/** Reads botocore's model of a service from the local platform's Python environment. */
export const loadServiceModel = (service: string, venvLib = VENV_LIB): ServiceModel => {
  const file = locate(service, venvLib);
  const model = modelSchema.parse(JSON.parse(gunzipSync(readFileSync(file)).toString('utf8')));
  const compiled = new Map<string, RegExp>();
  for (const { pattern } of Object.values(model.shapes)) {
    if (pattern !== undefined) compiled.set(pattern, new RegExp(`^(?:${pattern})$`, 's'));
  }
  return {
    targetPrefix: model.metadata.targetPrefix,
    operations: model.operations,
    shape: (name) => (name === undefined ? undefined : model.shapes[name]),
    pattern: (source) => {
      const found = compiled.get(source);
      if (found === undefined) throw new Error(`pattern of no shape: ${source}`);
      return found;
    },
  };
};
