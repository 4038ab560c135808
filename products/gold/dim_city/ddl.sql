CREATE SCHEMA IF NOT EXISTS gold;

CREATE TABLE IF NOT EXISTS gold.dim_city (
    city_id              VARCHAR(256) NOT NULL,
    city_name            VARCHAR(256) NOT NULL,
    country              VARCHAR(256) NOT NULL,
    timezone             VARCHAR(256) NOT NULL,
    processing_timestamp TIMESTAMP NOT NULL
)
DISTSTYLE ALL
SORTKEY (city_id);
