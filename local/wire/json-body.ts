import { JsonShapeDeserializer2, JsonShapeSerializer2 } from '@smithy/core/protocols';
import { NormalizedSchema } from '@smithy/core/schema';
import { serializationError } from './errors.ts';
import type { SchemaRef } from './operation.ts';

type Document = Parameters<JsonShapeDeserializer2['readObject']>[1];

const EPOCH_SECONDS = 7;

export interface JsonBody {
  readonly read: (schema: SchemaRef, body: Buffer) => Record<string, unknown>;
  readonly write: (schema: SchemaRef, value: unknown) => Uint8Array;
}

/** JSON bodies by the SDK's own codec. `jsonName` renames members as REST-JSON does and JSON 1.1 does not. */
export const createJsonBody = (jsonName: boolean): JsonBody => {
  const settings = {
    timestampFormat: { useTrait: true, default: EPOCH_SECONDS },
    httpBindings: jsonName,
    jsonName,
  } as const;
  return {
    read: (schema, body) => {
      if (body.byteLength === 0) return {};
      try {
        const parsed: unknown = JSON.parse(body.toString('utf8'));
        if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
          throw new TypeError('the body must be a JSON object');
        }
        const decoded: unknown = new JsonShapeDeserializer2(settings).readObject(
          NormalizedSchema.of(schema),
          parsed as Document,
        );
        return decoded as Record<string, unknown>;
      } catch (error) {
        throw serializationError(error instanceof Error ? error.message : String(error));
      }
    },
    write: (schema, value) => {
      const serializer = new JsonShapeSerializer2(settings);
      serializer.write(NormalizedSchema.of(schema), value);
      return serializer.flush();
    },
  };
};
