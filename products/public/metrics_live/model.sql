-- As the batch counts them, of the dates that the stream has: a trip of the date before may still drive in them.
WITH live_trips AS (
    SELECT
        CAST(COALESCE(city_id, 'unknown') AS VARCHAR(256)) AS city_id,
        CAST(COALESCE(vehicle_type, 'unknown') AS VARCHAR(256)) AS vehicle_type,
        LEAST(assigned_at, start_time) AS busy_from,
        start_time,
        end_time,
        fare_amount,
        surge_multiplier,
        duration_seconds,
        trip_date
    FROM public.trips
    WHERE trip_date IN (SELECT date FROM public.live_dates)
        OR trip_date IN (SELECT date - 1 FROM public.live_dates)
        OR trip_date IN (SELECT date + 1 FROM public.live_dates)
),

digits AS (
    SELECT 0 AS digit
    UNION ALL SELECT 1
    UNION ALL SELECT 2
    UNION ALL SELECT 3
    UNION ALL SELECT 4
    UNION ALL SELECT 5
    UNION ALL SELECT 6
    UNION ALL SELECT 7
),

-- A trip counts in hours of its date and of its neighbours: 72 at the most.
hours AS (
    SELECT ones.digit + 8 * eights.digit + 64 * sixtyfours.digit AS later
    FROM digits AS ones
    CROSS JOIN digits AS eights
    CROSS JOIN digits AS sixtyfours
    WHERE ones.digit + 8 * eights.digit + 64 * sixtyfours.digit < 72
),

-- For joins by equality: how many hours later a trip ends, with each of the hours until then.
spans AS (
    SELECT
        lasts.later AS hours,
        each_hour.later
    FROM hours AS lasts
    INNER JOIN hours AS each_hour ON each_hour.later <= lasts.later
),

started AS (
    SELECT
        DATE_TRUNC('hour', start_time) AS metric_hour,
        city_id,
        vehicle_type,
        1 AS trips,
        fare_amount,
        CASE WHEN surge_multiplier > 1 THEN 1 ELSE 0 END AS surged,
        duration_seconds,
        0 AS driver_ms,
        0 AS driving_ms
    FROM live_trips
),

touched AS (
    SELECT
        live_trips.*,
        DATEADD(hour, spans.later, DATE_TRUNC('hour', busy_from)) AS metric_hour
    FROM live_trips
    INNER JOIN spans ON spans.hours = LEAST(DATEDIFF(hour, busy_from, DATEADD(millisecond, -1, end_time)), 71)
    WHERE end_time > busy_from
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
        GREATEST(DATEDIFF(millisecond, GREATEST(busy_from, metric_hour), LEAST(end_time, DATEADD(hour, 1, metric_hour))), 0) AS driver_ms,
        GREATEST(DATEDIFF(millisecond, GREATEST(start_time, metric_hour), LEAST(end_time, DATEADD(hour, 1, metric_hour))), 0) AS driving_ms
    FROM touched
    WHERE DATEDIFF(day, trip_date, metric_hour) BETWEEN -1 AND 1
),

summed AS (
    SELECT
        metric_hour,
        city_id,
        vehicle_type,
        CAST(SUM(trips) AS BIGINT) AS trips_count,
        CAST(COALESCE(SUM(fare_amount), 0) AS DECIMAL(18, 2)) AS total_fare,
        CAST(SUM(duration_seconds) AS DOUBLE PRECISION) / COUNT(duration_seconds) / 60 AS avg_duration,
        CAST(SUM(surged) AS BIGINT) AS surge_trips,
        CAST(SUM(driver_ms) AS DOUBLE PRECISION) AS driver_ms,
        CAST(SUM(driving_ms) AS DOUBLE PRECISION) AS driving_ms
    FROM (SELECT * FROM started UNION ALL SELECT * FROM driven) AS parts
    GROUP BY metric_hour, city_id, vehicle_type
)

SELECT
    CAST(metric_hour AS DATE) AS metric_date,
    metric_hour,
    city_id,
    vehicle_type,
    trips_count,
    total_fare,
    avg_duration,
    surge_trips,
    driver_ms / 3600000 AS driver_hours,
    CASE WHEN driver_ms > 0 THEN 100 * driving_ms / driver_ms ELSE 0 END AS utilization_pct,
    trips_count / NULLIF(driver_ms / 3600000, 0) AS trips_per_driver_hour
FROM summed
WHERE CAST(metric_hour AS DATE) IN (SELECT date FROM public.live_dates)
