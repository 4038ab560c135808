import {
  CancelStatementCommand,
  DescribeStatementCommand,
  type DescribeStatementResponse,
  type RedshiftDataClient,
  ResourceNotFoundException,
  StatusString,
  ValidationException,
} from '@aws-sdk/client-redshift-data';
import { cancellationSignal, log } from '@temporalio/activity';
import { type Catalogue, settledStream } from '../../model/catalogue.ts';
import { adoptable } from '../waiting.ts';
import { submitBatch } from './batches.ts';
import { loadGuards, loadSql } from './dialect.ts';
import { loadErrors, withoutValues } from './load-errors.ts';
import { meaningOf, type Meaning } from './states.ts';
import { statementsOf } from './statements.ts';

export interface RedshiftConfig {
  readonly workgroup: string;
  readonly database: string;
  readonly copyRoleArn: string;
  /** How long one DescribeStatement may hold its answer back, in seconds (0 to 30). */
  readonly longPollSeconds: number;
}

export interface StatementEnd {
  readonly meaning: Exclude<Meaning, 'wait'>;
  readonly error: string;
  /** Rows that a load wrote. */
  readonly rowCount: number;
  /** Rows that each statement of the batch has changed, or told; −1 where it has none. Earlier releases did not tell it. */
  readonly rowCounts?: readonly number[];
  /** Which statement of the batch has failed, where one has. */
  readonly failedStatement?: number;
}

export function createRedshiftActivities(client: RedshiftDataClient, catalogue: Catalogue, config: RedshiftConfig) {
  async function describe(
    statementId: string,
    waitSeconds: number,
  ): Promise<{ answer: DescribeStatementResponse; meaning: Meaning }> {
    const answer = await client.send(
      new DescribeStatementCommand({ Id: statementId, ...(waitSeconds > 0 && { WaitTimeSeconds: waitSeconds }) }),
      { abortSignal: cancellationSignal() },
    );
    const { meaning, known } = meaningOf(answer.Status, answer.Error);
    if (!known) log.warn('Unknown state of a statement: waiting', { statementId, status: answer.Status });
    return { answer, meaning };
  }

  /** A statement that is known no more ended more than a day ago. As nobody saw how, it failed: a load may be repeated. */
  async function unlessForgotten(end: () => Promise<StatementEnd>): Promise<StatementEnd> {
    try {
      return await end();
    } catch (error) {
      if (!(error instanceof ResourceNotFoundException)) throw error;
      return { meaning: 'failed', error: error.message, rowCount: 0 };
    }
  }

  /** What failed; of a COPY also where, which the warehouse keeps apart. */
  async function failureText(answer: DescribeStatementResponse): Promise<string> {
    const told = withoutValues(answer.Error ?? '');
    const copy = answer.SubStatements?.find(({ Status }) => Status === StatusString.FAILED);
    if (copy?.QueryString?.startsWith(`UPDATE ${loadGuards}`) && /divi(?:de|sion) by zero/i.test(told))
      return `${told}: a load that was asked for later is done`;
    if (!copy?.RedshiftQueryId || !copy.QueryString?.startsWith('COPY')) return told;
    try {
      const places = await loadErrors({ client, ...config }, copy.RedshiftQueryId);
      return [told, ...places].join('; ');
    } catch (error) {
      // The load has failed, whether its place is told or not.
      log.warn('Where a load failed could not be read', { statementId: answer.Id, problem: String(error) });
      return told;
    }
  }

  async function untilEnd(statementId: string): Promise<StatementEnd> {
    for (;;) {
      const { answer, meaning } = await describe(statementId, config.longPollSeconds);
      if (meaning !== 'wait') {
        const failedStatement = answer.SubStatements?.findIndex(({ Status }) => Status === StatusString.FAILED) ?? -1;
        return {
          meaning,
          error: meaning === 'failed' ? await failureText(answer) : withoutValues(answer.Error ?? ''),
          // The rows of a load are those of its first INSERT; the next notes the load itself.
          rowCount: answer.SubStatements?.find(({ QueryString }) => QueryString?.startsWith('INSERT'))?.ResultRows ?? 0,
          rowCounts: answer.SubStatements?.map(({ ResultRows }) => ResultRows ?? -1) ?? [],
          ...(failedStatement >= 0 && { failedStatement }),
        };
      }
    }
  }

  return {
    /**
     * Starts the load of a product's exported rows: one transaction that copies them into a table of its own and replaces
     * exactly the dates [start, end) in the published table, unless a load is done that was asked for later. Idempotent on
     * `token`.
     */
    async submitLoad(input: {
      token: string;
      /** The build that exported the rows; builds on earlier code name it in the token alone. */
      buildId?: string;
      product: string;
      start: string;
      end: string;
      manifest: string;
      /** Those of the exported rows; builds on earlier code do not say. */
      columns?: readonly string[] | undefined;
      /** By the workflow's clock, under the claim of the table; builds on earlier code do not say. */
      askedAtMs?: number;
    }): Promise<{ statementId: string }> {
      const { product, columns, askedAtMs } = input;
      const statements = statementsOf(
        loadSql(catalogue.get(product), columns, settledStream(catalogue, product), askedAtMs !== undefined),
        `The load of ${product}`,
        {
          product,
          build_id: input.buildId ?? input.token,
          manifest: input.manifest,
          iam_role: config.copyRoleArn,
          start_date: input.start,
          end_date: input.end,
          ...(askedAtMs !== undefined && { asked_at_ms: String(askedAtMs) }),
        },
      );
      const name = `load ${product} ${input.start}`;
      return submitBatch({ client, ...config }, { name, statements, token: input.token });
    },

    /** Waits for a statement by long polls; adopted by the next attempt, like a job run. */
    async awaitStatement({ statementId }: { statementId: string }): Promise<StatementEnd> {
      return adoptable(statementId, () => unlessForgotten(() => untilEnd(statementId)));
    },

    /** Cancels a statement and reads back until it has ended. */
    async cancelStatement({ statementId }: { statementId: string }): Promise<StatementEnd> {
      const cancelled = async (): Promise<StatementEnd> => {
        const { meaning } = await describe(statementId, 0);
        if (meaning === 'wait')
          await client.send(new CancelStatementCommand({ Id: statementId })).catch((error: unknown) => {
            // What the service says when the statement has ended in between; how it ended is read back.
            if (!(error instanceof ValidationException)) throw error;
          });
        return untilEnd(statementId);
      };
      return adoptable(statementId, () => unlessForgotten(cancelled));
    },
  };
}

export type RedshiftActivities = ReturnType<typeof createRedshiftActivities>;
