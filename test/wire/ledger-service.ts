import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll } from 'vitest';
import { createPlanningActivities } from '../../activities/planning/activities.ts';
import { createLedgerActivities } from '../../activities/ledger/activities.ts';
import { Ledger } from '../../activities/ledger/ledger.ts';
import { RestorePoints } from '../../activities/ledger/restore-points.ts';
import { ensureLedger, ledgerTable } from '../../local/provision.ts';
import { loadCatalogue } from '../../model/catalogue.ts';
import { access } from './access.ts';
import { LocalS3 } from './local-s3.ts';
import { quietOrchestrator } from '../quiet-orchestrator.ts';

const catalogue = loadCatalogue();

/** A ledger in the emulator of DynamoDB. */
class LocalLedger {
  emulator!: LocalS3;
  ledger!: Ledger;
  restorePoints!: RestorePoints;

  async start(): Promise<void> {
    this.emulator = await LocalS3.start();
    const client = new DynamoDBClient({ ...access, endpoint: this.emulator.url });
    await ensureLedger(client);
    await ensureLedger(client);
    const documents = DynamoDBDocumentClient.from(client);
    this.ledger = new Ledger(documents, ledgerTable);
    this.restorePoints = new RestorePoints(documents, ledgerTable);
  }

  /** The activities, while all workflows run but those that have ended. */
  activitiesAfter(...ended: string[]) {
    const orchestrator = {
      ...quietOrchestrator,
      isRunning: async (workflowId: string) => !ended.includes(workflowId),
      statusOf: async () => 'running',
    };
    const lateData = { debounceSeconds: 1, approvalOverJobs: 100 };
    const [ledger, points] = [this.ledger, this.restorePoints];
    return {
      ...createLedgerActivities(ledger, points, catalogue, orchestrator, 'source'),
      ...createPlanningActivities(ledger, points, catalogue, orchestrator, lateData, 'source'),
    };
  }

  /** What the ledger says of a product's intervals, in short. */
  async states(product: string, first: string, last: string) {
    return (await this.ledger.records(product, first, last)).map(({ interval, claim, published, failure }) => ({
      interval,
      holder: claim?.workflowId,
      version: published?.outputVersion,
      failure: failure?.state,
    }));
  }
}

/** Who asks for claims. */
export const claimant = (product: string, name: string, ...intervals: string[]) => ({
  product,
  intervals,
  workflowId: `build/${name}`,
  buildId: `${name}/1`,
});

/** A ledger for the tests of a file. */
export function useLocalLedger(): LocalLedger {
  const local = new LocalLedger();
  beforeAll(() => local.start());
  afterAll(() => local.emulator.stop());
  return local;
}
