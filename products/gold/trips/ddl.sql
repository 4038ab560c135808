CREATE SCHEMA IF NOT EXISTS gold;

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
