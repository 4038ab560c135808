import { BatchExecuteStatementCommand, RedshiftDataClient } from '@aws-sdk/client-redshift-data';
import type { WorkflowHandle } from '@temporalio/client';
import { expect } from 'vitest';
import { finished, query, type Value } from '../../activities/redshift/query.ts';
import { putInto } from '../../cli/laptop/land.ts';
import { streamParquet } from '../../local/generator/stream-parquet.ts';
import { buckets, ledgerTable } from '../../local/provision.ts';
import { orchestrationQueue } from '../../model/queues.ts';
import { openLedger } from '../../workers/clients.ts';
import { plainRow, stream } from '../behaviour/stream-rows.ts';
import type { LiveCase } from './live-cases.ts';
import type { Testbed } from './testbed.ts';

/** Trips of a date as a stream writes them, one file after the other. */
export class LiveTrips {
  readonly #testbed: Testbed;
  readonly #date: string;
  #files = 0;

  constructor(testbed: Testbed, date: string) {
    this.#testbed = testbed;
    this.#date = date;
  }

  /** Has a file to be merged, or the date live again with what the stream has of it. */
  async prepare(workflow: LiveCase['workflow']): Promise<void> {
    const before = [stream.warehouse.table, 'public.settled_dates', 'streaming.reconciliations'];
    await this.#write(...before.map((table) => `DELETE FROM ${table}`));
    await this.#commit();
    if (workflow === 'mergeRealtime') return;
    await (await this.start('mergeRealtime', `before/${this.#files}`)).result();
  }

  /** One trip that comes again in every file, in a newer version, and one that does not. */
  async #commit(): Promise<void> {
    this.#files += 1;
    const again = plainRow('again', `${this.#date}T10:00:00Z`, { version: this.#files, fare_amount: this.#files });
    const file = await streamParquet(stream, [again, plainRow(`only ${this.#files}`, `${this.#date}T11:00:00Z`)]);
    const key = `${stream.files.folder}/dt=${this.#date}/hh=12/part-${this.#files}.parquet`;
    await putInto(this.#testbed.session.platform.s3, buckets.lake)(key, file);
  }

  start(workflow: LiveCase['workflow'], workflowId: string): Promise<WorkflowHandle> {
    const input = workflow === 'reconcile' ? { date: this.#date } : { firedAt: `${this.#date}T23:00:00Z` };
    return this.#testbed.session.client.workflow.start(workflow, {
      ...{ workflowId, taskQueue: orchestrationQueue, args: [input] },
    });
  }

  async expectDone(workflow: LiveCase['workflow']): Promise<void> {
    const noted = await this.#ask(
      'SELECT COUNT(*) AS files, COUNT(DISTINCT file) AS names FROM streaming.merged_files',
    );
    expect(noted).toEqual([{ files: this.#files, names: this.#files }]);
    const isSettled = workflow === 'reconcile';
    const seen = await this.#ask(
      `SELECT COUNT(*) AS trips, COUNT(DISTINCT trip_id) AS names, MAX(CASE WHEN trip_id = 'again' THEN fare_amount END) AS fare
       FROM public.trips WHERE trip_date = '${this.#date}'`,
    );
    const [batch] = await this.#ask(`SELECT COUNT(*) AS trips FROM gold.trips WHERE trip_date = '${this.#date}'`);
    const trips = isSettled ? Number(batch?.trips) : 2;
    expect(seen).toEqual([{ trips, names: trips, fare: isSettled ? null : `${this.#files}.00` }]);
    const settled = await this.#ask('SELECT date, stream_count FROM public.settled_dates');
    expect(settled).toEqual(isSettled ? [{ date: this.#date, stream_count: 2 }] : []);
    const [record, table] = [this.#date, 'table'].map((key) => openLedger(ledgerTable).records(stream.key, key, key));
    expect((await table)?.[0]?.claim).toBeUndefined();
    expect((await record)?.[0]?.streamed).toMatchObject({ isLive: !isSettled, rows: trips });
  }

  async #ask(sql: string): Promise<Record<string, Value>[]> {
    return query(this.#warehouse(), sql);
  }

  async #write(...Sqls: string[]): Promise<void> {
    const { client, workgroup, database } = this.#warehouse();
    const batch = new BatchExecuteStatementCommand({ WorkgroupName: workgroup, Database: database, Sqls });
    await finished(this.#warehouse(), (await client.send(batch)).Id, Sqls.join('; '));
  }

  /** As it can be reached now: a kill gives it another address, which the session's endpoint follows. */
  #warehouse() {
    return { ...this.#testbed.session.warehouse, client: new RedshiftDataClient() };
  }
}
