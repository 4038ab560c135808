-- The tables as releases before made them by hand-kept files.
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

CREATE TABLE IF NOT EXISTS meta.load_guards (
    product  VARCHAR(256) NOT NULL,
    build_id VARCHAR(256) NOT NULL
)
DISTSTYLE ALL;

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

CREATE TABLE IF NOT EXISTS gold.dim_vehicle_type (
    vehicle_type_id      VARCHAR(256) NOT NULL,
    type_name            VARCHAR(256) NOT NULL,
    base_rate            DECIMAL(6, 2) NOT NULL,
    processing_timestamp TIMESTAMP NOT NULL
)
DISTSTYLE ALL
SORTKEY (vehicle_type_id);

CREATE TABLE IF NOT EXISTS gold.fact_hourly_metrics (
    metric_date          DATE NOT NULL,
    metric_hour          TIMESTAMP NOT NULL,
    city_id              VARCHAR(256) NOT NULL,
    vehicle_type         VARCHAR(256) NOT NULL,
    trips_count          BIGINT NOT NULL,
    total_fare           DECIMAL(18, 2) NOT NULL,
    avg_duration         DOUBLE PRECISION,
    surge_trips          BIGINT NOT NULL,
    driver_hours         DOUBLE PRECISION NOT NULL,
    utilization_pct      DOUBLE PRECISION NOT NULL,
    processing_timestamp TIMESTAMP NOT NULL
)
DISTKEY (city_id)
SORTKEY (metric_date, metric_hour);

CREATE TABLE IF NOT EXISTS gold.trips (
    trip_id              VARCHAR(256) NOT NULL,
    driver_id            VARCHAR(256),
    rider_id             VARCHAR(256),
    city_id              VARCHAR(256),
    vehicle_type         VARCHAR(256),
    requested_at         TIMESTAMP,
    assigned_at          TIMESTAMP,
    start_time           TIMESTAMP NOT NULL,
    end_time             TIMESTAMP,
    start_lat            DOUBLE PRECISION,
    start_lon            DOUBLE PRECISION,
    end_lat              DOUBLE PRECISION,
    end_lon              DOUBLE PRECISION,
    estimated_fare       DECIMAL(12, 2),
    fare_amount          DECIMAL(12, 2),
    surge_multiplier     DECIMAL(4, 2),
    duration_seconds     BIGINT,
    duration_min         DOUBLE PRECISION,
    distance_km          DOUBLE PRECISION,
    status               VARCHAR(256),
    is_completed         BOOLEAN NOT NULL,
    is_suspicious        BOOLEAN NOT NULL,
    surge_applied        BOOLEAN NOT NULL,
    event_count          BIGINT NOT NULL,
    trip_date            DATE NOT NULL,
    processing_timestamp TIMESTAMP NOT NULL
)
DISTKEY (trip_id)
SORTKEY (trip_date, start_time);
