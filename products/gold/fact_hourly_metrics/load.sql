-- One transaction: readers see the old rows or the new ones, never a mixture.
DELETE FROM staging.fact_hourly_metrics;

COPY staging.fact_hourly_metrics
FROM :manifest
IAM_ROLE :iam_role
FORMAT AS PARQUET
MANIFEST;

DELETE FROM gold.fact_hourly_metrics
WHERE metric_date >= :start_date AND metric_date < :end_date;

INSERT INTO gold.fact_hourly_metrics (
    metric_date,
    metric_hour,
    city_id,
    vehicle_type,
    trips_count,
    total_fare,
    avg_duration,
    surge_trips,
    driver_hours,
    utilization_pct,
    processing_timestamp
)
SELECT
    metric_date,
    metric_hour,
    city_id,
    vehicle_type,
    trips_count,
    total_fare,
    avg_duration,
    surge_trips,
    driver_hours,
    utilization_pct,
    processing_timestamp
FROM staging.fact_hourly_metrics
WHERE metric_date >= :start_date AND metric_date < :end_date;
