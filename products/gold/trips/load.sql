-- One transaction: readers see the old rows or the new ones, never a mixture.
DELETE FROM staging.trips;

COPY staging.trips
FROM :manifest
IAM_ROLE :iam_role
FORMAT AS PARQUET
MANIFEST;

DELETE FROM gold.trips
WHERE trip_date >= :start_date AND trip_date < :end_date;

INSERT INTO gold.trips (
    trip_id,
    driver_id,
    rider_id,
    city_id,
    vehicle_type,
    requested_at,
    assigned_at,
    start_time,
    end_time,
    start_lat,
    start_lon,
    end_lat,
    end_lon,
    estimated_fare,
    fare_amount,
    surge_multiplier,
    duration_seconds,
    duration_min,
    distance_km,
    status,
    is_completed,
    is_suspicious,
    surge_applied,
    event_count,
    trip_date,
    processing_timestamp
)
SELECT
    trip_id,
    driver_id,
    rider_id,
    city_id,
    vehicle_type,
    requested_at,
    assigned_at,
    start_time,
    end_time,
    start_lat,
    start_lon,
    end_lat,
    end_lon,
    estimated_fare,
    fare_amount,
    surge_multiplier,
    duration_seconds,
    duration_min,
    distance_km,
    status,
    is_completed,
    is_suspicious,
    surge_applied,
    event_count,
    trip_date,
    processing_timestamp
FROM staging.trips
WHERE trip_date >= :start_date AND trip_date < :end_date;
