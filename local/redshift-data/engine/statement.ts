export type Status = 'SUBMITTED' | 'PICKED' | 'STARTED' | 'FINISHED' | 'FAILED' | 'ABORTED';

export interface Column {
  readonly name: string;
  readonly typeName: string;
  readonly typeId: number;
  readonly typeModifier: number;
  readonly tableName: string;
  readonly schemaName: string;
  readonly nullable: number;
}

/** One SQL text of a statement; a batch has several. */
export interface Query {
  readonly sql: string;
  status: Status;
  error?: string;
  updatedAt: number;
  durationNs: number;
  resultRows: number;
  resultSizeBytes: number;
  queryId: number;
  columns?: readonly Column[];
}

/** A statement as the service remembers it; times are milliseconds since the epoch. */
export interface Statement {
  readonly id: string;
  readonly isBatch: boolean;
  readonly queries: readonly Query[];
  readonly autoCommit: boolean;
  readonly resultFormat: 'JSON' | 'CSV';
  readonly parameters: readonly { readonly name: string; readonly value: string }[];
  readonly name?: string;
  readonly database: string;
  readonly dbUser: string;
  readonly clusterIdentifier?: string;
  readonly workgroupName?: string;
  readonly secretArn?: string;
  readonly sessionId?: string;
  readonly clientToken?: string;
  /** Tells a repeated request from another one under the same client token. */
  readonly requestHash: string;
  readonly createdAt: number;
  status: Status;
  error?: string;
  updatedAt: number;
  durationNs: number;
  redshiftPid: number;
}

const FINAL: ReadonlySet<Status> = new Set(['FINISHED', 'FAILED', 'ABORTED']);

export function isFinal(status: Status): boolean {
  return FINAL.has(status);
}
