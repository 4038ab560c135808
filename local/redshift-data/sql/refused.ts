import type { Reader } from './reader.ts';
import type { Token } from './tokens.ts';

const REDSHIFT_FUNCTIONS = new Set(
  (
    'add_months charindex convert convert_timezone date_part_year decode dexp dlog1 dlog10 func_sha1 ' +
    'get_array_length is_valid_json is_valid_json_array isnull json_array_length ' +
    'json_extract_array_element_text json_extract_path_text json_parse json_serialize last_day median ' +
    'months_between next_day object pg_last_copy_count pg_last_copy_id pg_last_query_id ratio_to_report ' +
    'replicate sha2 strtol textlen to_varbyte'
  ).split(' '),
);

const POSTGRES_FUNCTIONS = new Set(
  (
    'age array_agg array_append array_length array_position array_remove array_to_string cardinality clock_timestamp ' +
    'date_bin format gen_random_uuid generate_series generate_subscripts json_agg json_build_object ' +
    'json_object_agg jsonb_agg jsonb_build_object jsonb_object_agg jsonb_set make_date make_interval make_time ' +
    'make_timestamp make_timestamptz nextval now num_nonnulls num_nulls pg_sleep_for regexp_match regexp_matches ' +
    'regexp_split_to_array regexp_split_to_table row_to_json setval statement_timestamp string_agg ' +
    'string_to_array string_to_table to_json to_jsonb to_regclass transaction_timestamp unnest width_bucket'
  ).split(' '),
);

/** Words that are harmless as names but start a construct when the second word follows them. */
const REDSHIFT_PAIRS: readonly (readonly [string, string])[] = [
  ['approximate', 'percentile_disc'],
  ['with', 'no schema'],
  ['pivot', '('],
  ['unpivot', '('],
  ['exclude', '('],
  ['at', 'unnest'],
];

const POSTGRES_PAIRS: readonly (readonly [string, string])[] = [
  ['on', 'conflict'],
  ['distinct', 'on'],
  ['filter', '('],
  ['array', '['],
  ['for', 'update'],
  ['for', 'share'],
  ['fetch', 'first'],
  ['fetch', 'next'],
  ['between', 'symmetric'],
];

const POSTGRES_WORDS = new Set(['returning', 'lateral', 'jsonb', 'tablesample']);

/** Types that casts may name to PostgreSQL alone. */
export const POSTGRES_TYPES: ReadonlySet<string> = new Set(
  'bytea cidr inet json jsonb jsonpath macaddr money name regclass serial tsquery tsvector uuid xml'.split(' '),
);

const CHANGES = new Set(['insert', 'update', 'delete', 'merge']);

/** Refuses what only one of the two databases understands, or what they understand differently. */
export function refuseConstruct(reader: Reader, previous: Token | undefined): void {
  const token = reader.peek();
  if (token?.kind === 'string' && token.text.includes('\\')) {
    reader.fail('a backslash in a string is an escape to Redshift and itself to PostgreSQL: not supported here');
  }
  const word = reader.word();
  if (word === undefined || previous?.text === '.' || previous?.text.toLowerCase() === 'as') return;
  const follower = reader.peek(1)?.text.toLowerCase();
  const starts = (pairs: readonly (readonly [string, string])[]): boolean =>
    pairs.some(([first, second]) => first === word && second === follower);
  const called = follower === '(';
  const name = called ? `${word.toUpperCase()}()` : `${word} ${follower ?? ''}`.trim().toUpperCase();
  if (word === 'qualify' || isTop(reader, previous) || starts(REDSHIFT_PAIRS)) {
    reader.fail(
      `${word === 'qualify' || word === 'top' ? word.toUpperCase() : name} of Redshift is not supported here`,
    );
  }
  if (called && REDSHIFT_FUNCTIONS.has(word)) reader.fail(`${name} of Redshift is not supported here`);
  if (previous?.text === '(' && CHANGES.has(word) && !called) {
    reader.fail(`Redshift does not support ${word.toUpperCase()} inside another statement`);
  }
  if (previous?.text === '(' && word === 'values' && follower === '(') {
    reader.fail('Redshift does not support VALUES as a table');
  }
  if (starts(POSTGRES_PAIRS) || POSTGRES_WORDS.has(word)) reader.fail(`Redshift does not support ${name}`);
  if (called && POSTGRES_FUNCTIONS.has(word)) reader.fail(`Redshift does not support ${name} on tables`);
}

function isTop(reader: Reader, previous: Token | undefined): boolean {
  const before = previous?.text.toLowerCase();
  return reader.word() === 'top' && before === 'select' && reader.peek(1)?.kind === 'number';
}
