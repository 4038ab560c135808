CREATE SCHEMA IF NOT EXISTS gold;

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
