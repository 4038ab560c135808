CREATE SCHEMA IF NOT EXISTS gold;

CREATE TABLE IF NOT EXISTS gold.dim_vehicle_type (
    vehicle_type_id      VARCHAR(256) NOT NULL,
    type_name            VARCHAR(256) NOT NULL,
    base_rate            DECIMAL(6, 2) NOT NULL,
    processing_timestamp TIMESTAMP NOT NULL
)
DISTSTYLE ALL
SORTKEY (vehicle_type_id);
