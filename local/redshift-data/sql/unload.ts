import { readRole, s3Url } from './copy.ts';
import { splitAtCommas, textOf } from './reader.ts';
import type { Reader } from './reader.ts';

/** UNLOAD of a query's rows to Parquet files in S3. */
export interface UnloadCommand {
  readonly query: string;
  readonly destination: string;
  readonly partitionBy: readonly string[];
  /** Whether partition columns stay in the files too. */
  readonly includePartitions: boolean;
  readonly overwrite: boolean;
}

/** Reads UNLOAD; an option outside the supported ones is refused by its name. */
export function unloadCommand(reader: Reader): UnloadCommand {
  reader.expect('unload');
  const [query, ...others] = reader.group();
  if (query?.kind !== 'string' || others.length > 0) {
    reader.fail('UNLOAD needs its query as one string literal', query);
  }
  reader.expect('to');
  const destination = s3Url(reader, 'the destination of UNLOAD');
  const seen = new Set<string>();
  let partitionBy: readonly string[] = [];
  while (!reader.atEnd()) {
    if (reader.take('partition', 'by')) partitionBy = splitAtCommas(reader.group()).map(textOf);
    else seen.add(unloadOption(reader));
  }
  if (!seen.has('role')) reader.fail('UNLOAD needs IAM_ROLE');
  if (!seen.has('parquet')) reader.fail('UNLOAD supports FORMAT AS PARQUET only here');
  return {
    query: query.text.slice(1, -1).replaceAll("''", "'"),
    destination,
    partitionBy,
    includePartitions: seen.has('include'),
    overwrite: seen.has('overwrite'),
  };
}

function unloadOption(reader: Reader): string {
  if (reader.take('iam_role')) return readRole(reader);
  if (reader.take('format')) {
    reader.take('as');
    if (reader.word() !== 'parquet') reader.fail('UNLOAD supports FORMAT AS PARQUET only here');
  }
  if (reader.take('parquet')) return 'parquet';
  if (reader.take('include')) return 'include';
  if (reader.take('allowoverwrite')) return 'overwrite';
  if (reader.take('parallel')) {
    if (!['on', 'off', 'true', 'false'].includes(reader.word() ?? '')) reader.fail('expected ON or OFF');
    reader.next();
    return 'parallel';
  }
  const option = reader.peek()?.text.toUpperCase() ?? '';
  return reader.fail(`the UNLOAD option ${option} is not supported here`);
}
