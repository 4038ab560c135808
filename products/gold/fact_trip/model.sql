SELECT
    trip_id,
    driver_id,
    rider_id,
    city_id,
    vehicle_type,
    CAST(TO_CHAR(trip_date, 'YYYYMMDD') AS INTEGER) AS date_id,
    start_time,
    end_time,
    fare_amount AS total_fare,
    duration_seconds AS actual_duration,
    duration_min AS trip_duration_minutes,
    distance_km,
    is_suspicious,
    surge_applied
FROM gold.trips
