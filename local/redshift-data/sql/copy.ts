import { textOf, splitAtCommas } from './reader.ts';
import type { Reader } from './reader.ts';

/** COPY of a table from Parquet files in S3. */
export interface CopyCommand {
  readonly table: string;
  readonly columns: readonly string[];
  /** An s3:// URL: a key prefix, or the manifest when `manifest` is true. */
  readonly source: string;
  readonly manifest: boolean;
  readonly serializeToJson: boolean;
  /** Columns that a file lacks at its end are null. */
  readonly fillRecord: boolean;
}

const ROLE_ARN = /^arn:aws[a-z-]*:iam::\d{12}:role\/.+$/;

/** Reads COPY; an option outside the supported ones is refused by its name. */
export function copyCommand(reader: Reader): CopyCommand {
  reader.expect('copy');
  const table = reader.name();
  const columns = reader.peek()?.text === '(' ? splitAtCommas(reader.group()).map(textOf) : [];
  reader.expect('from');
  const source = s3Url(reader, 'the source of COPY');
  const seen = new Set<string>();
  while (!reader.atEnd()) seen.add(copyOption(reader));
  if (!seen.has('role')) reader.fail('COPY needs IAM_ROLE');
  if (!seen.has('parquet')) reader.fail('COPY supports FORMAT AS PARQUET only here');
  return {
    ...{ table, columns, source, manifest: seen.has('manifest') },
    ...{ serializeToJson: seen.has('json'), fillRecord: seen.has('fillrecord') },
  };
}

function copyOption(reader: Reader): string {
  if (reader.take('iam_role')) return readRole(reader);
  if (reader.take('format')) {
    reader.take('as');
    if (reader.word() !== 'parquet') reader.fail('COPY supports FORMAT AS PARQUET only here');
  }
  if (reader.take('parquet')) return 'parquet';
  if (reader.take('manifest')) return 'manifest';
  if (reader.take('fillrecord')) return 'fillrecord';
  if (reader.take('serializetojson')) return 'json';
  if (reader.take('statupdate')) {
    if (!['on', 'off', 'true', 'false'].includes(reader.word() ?? '')) return 'statistics';
    reader.next();
    return 'statistics';
  }
  const option = reader.peek()?.text.toUpperCase() ?? '';
  return reader.fail(`the COPY option ${option} is not supported here`);
}

/** Reads what follows IAM_ROLE; the local S3 asks for no role, so only the form is checked. */
export function readRole(reader: Reader): 'role' {
  if (reader.take('default')) return 'role';
  const token = reader.peek();
  const role = reader.expectString('the IAM role');
  if (!ROLE_ARN.test(role)) reader.fail('IAM_ROLE needs the ARN of a role or DEFAULT', token);
  return 'role';
}

/** Reads an s3:// URL literal. */
export function s3Url(reader: Reader, what: string): string {
  const token = reader.peek();
  const url = reader.expectString(what);
  if (!/^s3:\/\/[^/]+\/.+/.test(url)) reader.fail(`${what} must be an s3://bucket/key URL`, token);
  return url;
}
