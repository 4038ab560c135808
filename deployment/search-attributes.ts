import type { Connection } from '@temporalio/client';
import proto from '@temporalio/proto';
import { attributes } from '../model/search-attributes.ts';

const { INDEXED_VALUE_TYPE_DOUBLE, INDEXED_VALUE_TYPE_KEYWORD } = proto.temporal.api.enums.v1.IndexedValueType;
const declared = Object.values(attributes).map(({ name, type }) =>
  type === 'DOUBLE'
    ? { name, type: INDEXED_VALUE_TYPE_DOUBLE, typeName: 'Double' }
    : { name, type: INDEXED_VALUE_TYPE_KEYWORD, typeName: 'Keyword' },
);

/**
 * Makes the search attributes that workflows set, where the namespace has none of that name: without them no build starts.
 * Returns the names of those that it made. Throws an Error that says how, where the server lets nobody make them this way.
 */
export async function ensureSearchAttributes(connection: Connection, namespace: string): Promise<string[]> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  const different = declared.filter(({ name, type }) => (customAttributes[name] ?? type) !== type);
  if (different.length > 0)
    throw new Error(
      `Namespace ${namespace} has search attributes of other types than Tideline's: ${different
        .map(({ name, typeName }) => `${name} must be of type ${typeName}`)
        .join(', ')}. Remove them, or take another namespace.`,
    );
  const missing = declared.filter(({ name }) => !(name in customAttributes));
  if (missing.length === 0) return [];
  const searchAttributes = Object.fromEntries(missing.map(({ name, type }) => [name, type]));
  try {
    await connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
  } catch (error) {
    const options = missing.map(({ name, typeName }) => `--search-attribute "${name}=${typeName}"`).join(' ');
    throw new Error(
      `Namespace ${namespace} lacks search attributes, and its server lets nobody make them like this (${String(error)}). ` +
        `In Temporal Cloud: tcld namespace search-attributes add --namespace ${namespace} ${options}`,
      { cause: error },
    );
  }
  return missing.map(({ name }) => name);
}
