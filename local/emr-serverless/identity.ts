import { createHash, randomBytes } from 'node:crypto';

const ID_LENGTH = 16;

/** An id as the service makes them: lower-case letters and digits, starting with 00. */
export const newId = (): string => {
  const digits = BigInt(`0x${randomBytes(ID_LENGTH).toString('hex')}`).toString(36);
  return `00${digits.slice(-(ID_LENGTH - 2)).padStart(ID_LENGTH - 2, '0')}`;
};

const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  );
};

/** Equal for equal parameters, whatever the order of their members. */
export const fingerprintOf = (parameters: object): string =>
  createHash('sha256')
    .update(JSON.stringify(sorted(parameters)))
    .digest('hex');

/** The account and region that all names of resources carry. */
export class Names {
  readonly #prefix: string;
  readonly userArn: string;

  constructor(region: string, accountId: string) {
    this.#prefix = `arn:aws:emr-serverless:${region}:${accountId}:/applications/`;
    this.userArn = `arn:aws:iam::${accountId}:user/local`;
  }

  application(id: string): string {
    return this.#prefix + id;
  }

  jobRun(applicationId: string, id: string): string {
    return `${this.#prefix}${applicationId}/jobruns/${id}`;
  }

  /** The ids in an ARN of this account and region, or undefined for any other. */
  parse(arn: string): { applicationId: string; jobRunId: string | undefined } | undefined {
    if (!arn.startsWith(this.#prefix)) return undefined;
    const [applicationId = '', kind, jobRunId] = arn.slice(this.#prefix.length).split('/');
    return { applicationId, jobRunId: kind === 'jobruns' ? jobRunId : undefined };
  }
}
