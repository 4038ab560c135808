-- What the warehouse knows of its own loads, written in their transactions.
CREATE SCHEMA IF NOT EXISTS meta;

CREATE TABLE IF NOT EXISTS meta.loads (
    product    VARCHAR(256) NOT NULL,
    start_date DATE NOT NULL,
    end_date   DATE NOT NULL,
    build_id   VARCHAR(256) NOT NULL,
    rows       BIGINT NOT NULL,
    loaded_at  TIMESTAMP NOT NULL
)
DISTSTYLE ALL
SORTKEY (product, loaded_at);

-- One row per product, which every load of it changes.
CREATE TABLE IF NOT EXISTS meta.load_guards (
    product  VARCHAR(256) NOT NULL,
    build_id VARCHAR(256) NOT NULL
)
DISTSTYLE ALL;
