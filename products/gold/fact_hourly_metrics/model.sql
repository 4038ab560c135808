-- Sums whole milliseconds, seconds and cents and divides once, so that the order of rows cannot matter.
WITH trips AS (
    SELECT
        coalesce(city_id, 'unknown') AS city_id,
        coalesce(vehicle_type, 'unknown') AS vehicle_type,
        -- Device clocks put an assignment after its start; a null is passed over.
        least(assigned_at, start_time) AS busy_from,
        start_time,
        end_time,
        fare_amount,
        surge_multiplier,
        duration_seconds,
        trip_date
    FROM silver.trips
),

-- What counts once, in the hour in which the trip started.
started AS (
    SELECT
        date_trunc('HOUR', start_time) AS metric_hour,
        city_id,
        vehicle_type,
        1 AS trips,
        fare_amount,
        int(surge_multiplier > 1) AS surged,
        duration_seconds,
        0L AS driver_ms,
        0L AS driving_ms
    FROM trips
),

-- Every hour that a trip touches, within a day of its date: further ones are not read back.
touched AS (
    SELECT *
    FROM (
        SELECT
            *,
            explode(
                sequence(
                    date_trunc('HOUR', busy_from),
                    date_trunc('HOUR', end_time - INTERVAL '0.001' SECOND),
                    INTERVAL 1 HOUR
                )
            ) AS metric_hour
        FROM trips
        WHERE end_time > busy_from
    )
    WHERE abs(datediff(metric_hour, trip_date)) <= 1
),

driven AS (
    SELECT
        metric_hour,
        city_id,
        vehicle_type,
        0 AS trips,
        CAST(NULL AS DECIMAL(12, 2)) AS fare_amount,
        0 AS surged,
        CAST(NULL AS BIGINT) AS duration_seconds,
        greatest(hour_end_ms - greatest(unix_millis(busy_from), unix_millis(metric_hour)), 0L) AS driver_ms,
        greatest(hour_end_ms - greatest(unix_millis(start_time), unix_millis(metric_hour)), 0L) AS driving_ms
    FROM (SELECT *, least(unix_millis(end_time), unix_millis(metric_hour) + 3600000) AS hour_end_ms FROM touched)
),

summed AS (
    SELECT
        metric_hour,
        city_id,
        vehicle_type,
        sum(trips) AS trips_count,
        coalesce(sum(fare_amount), 0) AS total_fare,
        sum(duration_seconds) / count(duration_seconds) / 60 AS avg_duration,
        coalesce(sum(surged), 0) AS surge_trips,
        sum(driver_ms) AS driver_ms,
        sum(driving_ms) AS driving_ms
    FROM (SELECT * FROM started UNION ALL SELECT * FROM driven)
    GROUP BY metric_hour, city_id, vehicle_type
)

SELECT
    to_date(metric_hour) AS metric_date,
    metric_hour,
    city_id,
    vehicle_type,
    trips_count,
    total_fare,
    avg_duration,
    surge_trips,
    driver_ms / 3600000D AS driver_hours,
    if(driver_ms > 0, 100D * driving_ms / driver_ms, 0D) AS utilization_pct,
    trips_count / nullif(driver_ms / 3600000D, 0) AS trips_per_driver_hour
FROM summed
