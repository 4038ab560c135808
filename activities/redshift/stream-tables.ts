import { ownTables } from '../../model/catalogue.ts';

const { settledDates, liveDates, mergedFiles, divergence, reconciliations, guards } = ownTables;

/** What the warehouse knows of streams beside their rows, written in the transactions of merges and reconciliations. */
export const streamTables = `
CREATE SCHEMA IF NOT EXISTS public;
CREATE SCHEMA IF NOT EXISTS streaming;

-- Dates that are read from the stream's table until they are settled.
CREATE TABLE IF NOT EXISTS ${liveDates} (
    date DATE NOT NULL
)
DISTSTYLE ALL
SORTKEY (date);

-- What was reconciled, when, and how far the sides were apart.
CREATE TABLE IF NOT EXISTS ${settledDates} (
    date           DATE NOT NULL,
    settled_at     TIMESTAMP NOT NULL,
    stream_count   BIGINT NOT NULL,
    batch_count    BIGINT NOT NULL,
    divergence_pct DOUBLE PRECISION NOT NULL
)
DISTSTYLE ALL
SORTKEY (date);

CREATE TABLE IF NOT EXISTS ${mergedFiles} (
    product   VARCHAR(256) NOT NULL,
    folder    VARCHAR(256) NOT NULL,
    file      VARCHAR(1024) NOT NULL,
    merged_at TIMESTAMP NOT NULL,
    -- Why it was not merged; null for what was.
    problem   VARCHAR(1024)
)
SORTKEY (product, folder);

-- One row per stream, which all that writes its table changes. Redshift locks tables: that of loads would keep those out.
CREATE TABLE IF NOT EXISTS ${guards} (
    product  VARCHAR(256) NOT NULL,
    build_id VARCHAR(256) NOT NULL
)
DISTSTYLE ALL;

-- Both sides of a date by city, before the batch took the stream's place.
CREATE TABLE IF NOT EXISTS ${reconciliations} (
    date              DATE NOT NULL,
    city_id           VARCHAR(256) NOT NULL,
    stream_count      BIGINT NOT NULL,
    batch_count       BIGINT NOT NULL,
    stream_fare       DECIMAL(18, 2) NOT NULL,
    batch_fare        DECIMAL(18, 2) NOT NULL,
    stream_seconds    BIGINT NOT NULL,
    batch_seconds     BIGINT NOT NULL,
    missing_in_stream BIGINT NOT NULL,
    missing_in_batch  BIGINT NOT NULL,
    differing         BIGINT NOT NULL
)
DISTSTYLE ALL
SORTKEY (date);

-- Trips that differed, and in what: of a date the first thousand.
CREATE TABLE IF NOT EXISTS ${divergence} (
    date          DATE NOT NULL,
    city_id       VARCHAR(256) NOT NULL,
    trip_id       VARCHAR(256) NOT NULL,
    kind          VARCHAR(32) NOT NULL,
    columns       VARCHAR(1024) NOT NULL,
    stream_values VARCHAR(8192) NOT NULL,
    batch_values  VARCHAR(8192) NOT NULL
)
SORTKEY (date);
`;

/** What a merge, a reconciliation and retention do with them. */
export const rightsOfWorkers: Readonly<Record<string, readonly string[]>> = {
  [liveDates]: ['SELECT', 'INSERT', 'DELETE'],
  [settledDates]: ['SELECT', 'INSERT'],
  [mergedFiles]: ['SELECT', 'INSERT', 'DELETE'],
  [divergence]: ['SELECT', 'INSERT', 'DELETE'],
  [reconciliations]: ['SELECT', 'INSERT'],
  [guards]: ['SELECT', 'UPDATE'],
};

/** Makes the row that all that writes a stream's table changes. */
export const streamGuardRow = `
INSERT INTO ${guards} (product, build_id)
SELECT :product, ''
WHERE NOT EXISTS (SELECT 1 FROM ${guards} WHERE product = :product);
`;
