import { NormalizedSchema } from '@smithy/core/schema';
import { serializationError, WireError } from './errors.ts';
import type { SchemaRef } from './operation.ts';
import type { ServiceModel, Shape } from './service-model.ts';

const REQUIRED_COUNT_INDEX = 6;

/** How many of a structure's first members are required: the last item of the SDK's static schema. */
const requiredCount = (schema: NormalizedSchema): number => {
  const statik: unknown = schema.getSchema();
  const count: unknown = Array.isArray(statik) ? statik[REQUIRED_COUNT_INDEX] : undefined;
  return typeof count === 'number' ? count : 0;
};

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);

class Checker {
  readonly violations: string[] = [];
  readonly #model: ServiceModel;

  constructor(model: ServiceModel) {
    this.#model = model;
  }

  check(schema: NormalizedSchema, shape: Shape | undefined, value: unknown, path: string): void {
    if (schema.isStructSchema()) this.#structure(schema, shape, value, path);
    else if (schema.isListSchema()) this.#list(schema, shape, value, path);
    else if (schema.isMapSchema()) this.#map(schema, shape, value, path);
    else if (!schema.isDocumentSchema()) this.#scalar(schema, shape, value, path);
  }

  #structure(schema: NormalizedSchema, shape: Shape | undefined, value: unknown, path: string): void {
    if (!isRecord(value)) throw serializationError(`${path || 'The request'} must be a structure`);
    let index = 0;
    let present = 0;
    const required = requiredCount(schema);
    for (const [name, member] of schema.structIterator()) {
      const memberPath = path === '' ? name : `${path}.${name}`;
      const memberValue = value[name];
      if (memberValue !== undefined && memberValue !== null) {
        present += 1;
        this.check(member, this.#model.shape(shape?.members?.[name]?.shape), memberValue, memberPath);
      } else if (index < required) {
        this.#violate(memberPath, 'Member must not be null');
      }
      index += 1;
    }
    if (schema.isUnionSchema() && present !== 1) this.#violate(path, 'Exactly one member must be set');
  }

  #list(schema: NormalizedSchema, shape: Shape | undefined, value: unknown, path: string): void {
    if (!Array.isArray(value)) throw serializationError(`${path} must be a list`);
    this.#length(value.length, shape, path);
    const items: unknown[] = value;
    const itemShape = this.#model.shape(shape?.member?.shape);
    for (const [index, item] of items.entries()) {
      this.check(schema.getValueSchema(), itemShape, item, `${path}.${String(index + 1)}.member`);
    }
  }

  #map(schema: NormalizedSchema, shape: Shape | undefined, value: unknown, path: string): void {
    if (!isRecord(value)) throw serializationError(`${path} must be a map`);
    const entries = Object.entries(value);
    this.#length(entries.length, shape, path);
    for (const [key, item] of entries) {
      this.check(schema.getKeySchema(), this.#model.shape(shape?.key?.shape), key, path);
      this.check(schema.getValueSchema(), this.#model.shape(shape?.value?.shape), item, `${path}.${key}.member`);
    }
  }

  #scalar(schema: NormalizedSchema, shape: Shape | undefined, value: unknown, path: string): void {
    if (schema.isStringSchema()) {
      if (typeof value !== 'string') throw serializationError(`${path} must be a string`);
      this.#length(value.length, shape, path);
      if (shape?.enum !== undefined && !shape.enum.includes(value)) {
        this.#violate(path, `Member must satisfy enum value set: [${shape.enum.join(', ')}]`);
      }
      if (shape?.pattern !== undefined && !this.#model.pattern(shape.pattern).test(value)) {
        this.#violate(path, `Member must satisfy regular expression pattern: ${shape.pattern}`);
      }
    } else if (schema.isBooleanSchema()) {
      if (typeof value !== 'boolean') throw serializationError(`${path} must be a boolean`);
    } else if (schema.isNumericSchema()) {
      // A long beyond 2^53 is a bigint, so that it keeps its digits.
      const isNumber = typeof value === 'bigint' || (typeof value === 'number' && !Number.isNaN(value));
      if (!isNumber) throw serializationError(`${path} must be a number`);
      const integer = shape?.type === 'integer' || shape?.type === 'long';
      if (integer && typeof value === 'number' && !Number.isInteger(value))
        throw serializationError(`${path} must be an integer`);
      if (shape?.min !== undefined && value < shape.min) {
        this.#violate(path, `Member must have value greater than or equal to ${String(shape.min)}`);
      }
      if (shape?.max !== undefined && value > shape.max) {
        this.#violate(path, `Member must have value less than or equal to ${String(shape.max)}`);
      }
    } else if (schema.isTimestampSchema()) {
      if (!(value instanceof Date)) throw serializationError(`${path} must be a timestamp`);
    } else if (schema.isBlobSchema()) {
      if (!(value instanceof Uint8Array)) throw serializationError(`${path} must be a blob`);
      this.#length(value.byteLength, shape, path);
    }
  }

  #length(length: number, shape: Shape | undefined, path: string): void {
    if (shape?.min !== undefined && length < shape.min) {
      this.#violate(path, `Member must have length greater than or equal to ${String(shape.min)}`);
    }
    if (shape?.max !== undefined && length > shape.max) {
      this.#violate(path, `Member must have length less than or equal to ${String(shape.max)}`);
    }
  }

  #violate(path: string, constraint: string): void {
    this.violations.push(`Value at '${path}' failed to satisfy constraint: ${constraint}`);
  }
}

/**
 * Every way in which a value breaks its schema and limits, in the services' words. Throws a
 * SerializationException where a value is not even of the right type.
 */
export const violations = (
  model: ServiceModel,
  schema: SchemaRef,
  shapeName: string | undefined,
  value: unknown,
): readonly string[] => {
  const checker = new Checker(model);
  checker.check(NormalizedSchema.of(schema), model.shape(shapeName), value, '');
  return checker.violations;
};

/** Refuses input that breaks its schema or limits. */
export const assertValidInput = (
  model: ServiceModel,
  schema: SchemaRef,
  shapeName: string | undefined,
  value: unknown,
): void => {
  const found = violations(model, schema, shapeName, value);
  if (found.length === 0) return;
  const noun = found.length === 1 ? 'validation error' : 'validation errors';
  throw new WireError('ValidationException', 400, `${String(found.length)} ${noun} detected: ${found.join('; ')}`);
};
