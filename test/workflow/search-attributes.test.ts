import proto from '@temporalio/proto';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureSearchAttributes } from '../../deployment/search-attributes.ts';
import { attributes } from '../../model/search-attributes.ts';
import { tools } from '../tools.ts';

let environment: TestWorkflowEnvironment;
beforeAll(async () => {
  environment = await TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'existing-path', path: tools.temporal } },
  });
});
afterAll(async () => {
  await environment.teardown();
});

const ensure = () => ensureSearchAttributes(environment.connection, 'default');

describe('the search attributes of a new namespace', () => {
  it('are made once, and found the next time', async () => {
    expect(await ensure()).toEqual(Object.values(attributes).map(({ name }) => name));
    await expect.poll(ensure).toEqual([]);
  });

  it('that have another type are told, with theirs', async () => {
    const { operatorService } = environment.connection;
    const { INDEXED_VALUE_TYPE_INT } = proto.temporal.api.enums.v1.IndexedValueType;
    await operatorService.removeSearchAttributes({ namespace: 'default', searchAttributes: ['CostUsd'] });
    await operatorService.addSearchAttributes({
      namespace: 'default',
      searchAttributes: { CostUsd: INDEXED_VALUE_TYPE_INT },
    });
    const problem = () => ensure().then(String, String);
    await expect.poll(problem).toContain('CostUsd must be of type Double');
  });

  it('are told with the command of Temporal Cloud, whose namespaces nobody changes from here', async () => {
    const refusing = {
      operatorService: {
        listSearchAttributes: async () => ({ customAttributes: {} }),
        addSearchAttributes: async () => {
          throw new Error('7 PERMISSION_DENIED: Request unauthorized.');
        },
      },
    };
    await expect(ensureSearchAttributes(refusing as never, 'prod.a1b2c')).rejects.toThrow(
      /PERMISSION_DENIED.*tcld namespace search-attributes add --namespace prod\.a1b2c --search-attribute "Product=Keyword"/,
    );
  });
});
