-- Sums whole seconds, milliseconds and cents and divides once, so that the order of rows cannot matter.
WITH summed AS (
    SELECT
        driver_id,
        trip_date,
        count(*) AS trips,
        coalesce(sum(fare_amount), 0) AS earnings,
        -- Device clocks put an end before its start: such a trip has no duration.
        sum(duration_seconds) FILTER (WHERE duration_seconds >= 0) AS seconds,
        count(*) FILTER (WHERE duration_seconds >= 0) AS ended,
        -- Ratings are halves of stars; as decimals their sum is exact. What is none that a decimal can hold is passed over.
        CAST(sum(try_cast(rating AS DECIMAL(10, 4))) AS DOUBLE) / count(try_cast(rating AS DECIMAL(10, 4))) AS avg_rating,
        -- As in gold.fact_hourly_metrics: nobody drives for less than no time, and an assignment after its start counts from there.
        coalesce(sum(greatest(unix_millis(end_time) - unix_millis(start_time), 0L)), 0) AS driving_ms,
        coalesce(sum(greatest(unix_millis(end_time) - unix_millis(least(assigned_at, start_time)), 0L)), 0) AS busy_ms
    FROM silver.trips
    WHERE driver_id IS NOT NULL
    GROUP BY driver_id, trip_date
)

SELECT
    driver_id,
    trips AS total_trips,
    earnings AS total_earnings,
    seconds / ended / 60 AS avg_trip_duration,
    coalesce(seconds, 0) / 60D AS total_active_minutes,
    CAST(earnings AS DOUBLE) / trips AS avg_fare_per_trip,
    trips / nullif(seconds / 3600D, 0) AS trips_per_hour,
    avg_rating,
    if(busy_ms > 0, 100D * driving_ms / busy_ms, 0D) AS utilization_pct,
    trip_date
FROM summed
