import {
  CreateTableCommand,
  DeleteTableCommand,
  GetTableCommand,
  GlueClient,
  UpdateTableCommand,
} from '@aws-sdk/client-glue';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { applyGlue, planGlue } from '../../deployment/glue.ts';
import { loadCatalogue } from '../../model/catalogue.ts';
import { access } from './access.ts';
import { LocalS3 } from './local-s3.ts';

const catalogue = loadCatalogue();
const lake = 's3://tideline-lake';
const keys = [...catalogue.products.keys()];

let emulator: LocalS3;
let client: GlueClient;
beforeAll(async () => {
  emulator = await LocalS3.start();
  client = new GlueClient({ ...access, endpoint: emulator.url });
});
afterAll(() => emulator.stop());

const tableOf = async (database: string, name: string) =>
  (await client.send(new GetTableCommand({ DatabaseName: database, Name: name }))).Table!;
const drift = async () => (await planGlue(client, catalogue, lake)).filter(({ kind }) => kind !== 'none');

it('every product becomes a Delta table with the columns, comments and classifications of its contract', async () => {
  const found = await applyGlue(client, catalogue, lake);
  expect(
    found
      .filter(({ kind }) => kind === 'create')
      .map(({ name }) => name)
      .sort(),
  ).toEqual([...keys, 'bronze', 'silver', 'gold'].sort());
  expect(await drift()).toEqual([]);
  const { columns, partitionColumn } = catalogue.get('silver.trips');
  const trips = await tableOf('silver', 'trips');
  expect(trips).toMatchObject({
    Description: expect.stringMatching(/^One row per started trip, sessionized from its events\. /) as string,
    TableType: 'EXTERNAL_TABLE',
    Parameters: {
      table_type: 'DELTA',
      'spark.sql.sources.provider': 'delta',
      'contract.status': 'active',
      domain: 'rides',
    },
    StorageDescriptor: {
      Location: 's3://tideline-lake/silver/trips/',
      SerdeInfo: { Parameters: { path: 's3://tideline-lake/silver/trips/' } },
    },
  });
  expect(trips.PartitionKeys?.map(({ Name }) => Name)).toEqual([partitionColumn]);
  expect(trips.StorageDescriptor?.Columns).toHaveLength(columns.length - 1);
  expect(trips.StorageDescriptor?.Columns).toContainEqual({
    Name: 'driver_id',
    Type: 'string',
    Comment: 'Driver',
    Parameters: { classification: 'confidential' },
  });
});

it('what somebody has changed is told and put back; what somebody has added stays', async () => {
  const { Name, Description, Owner, StorageDescriptor, Parameters, TableType, PartitionKeys } = await tableOf(
    'gold',
    'dim_city',
  );
  const [first, ...others] = StorageDescriptor?.Columns ?? [];
  const changed = { ...StorageDescriptor, Columns: [{ ...first!, Comment: 'something else' }, ...others] };
  const TableInput = {
    Name,
    Description,
    Owner,
    StorageDescriptor: changed,
    PartitionKeys,
    TableType,
    Parameters: { ...Parameters, steward: 'ada' },
  };
  await client.send(new UpdateTableCommand({ DatabaseName: 'gold', TableInput }));
  await client.send(new DeleteTableCommand({ DatabaseName: 'gold', Name: 'trips' }));
  await client.send(new CreateTableCommand({ DatabaseName: 'gold', TableInput: { Name: 'by_hand' } }));

  const found = await drift();
  expect(found.map(({ name, kind }) => [name, kind])).toEqual([
    ['gold.dim_city', 'update'],
    ['gold.trips', 'create'],
    ['gold.by_hand', 'undeclared'],
  ]);
  expect(found[0]?.differences.map(({ field }) => field)).toEqual(['columns']);
  await applyGlue(client, catalogue, lake);
  expect((await drift()).map(({ name }) => name)).toEqual(['gold.by_hand']);
  expect((await tableOf('gold', 'dim_city')).Parameters).toMatchObject({ steward: 'ada', table_type: 'DELTA' });
});
