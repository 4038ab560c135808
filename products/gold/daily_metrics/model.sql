WITH summed AS (
    SELECT
        trip_date,
        count(*) AS trips,
        count(fare_amount) AS paid,
        coalesce(sum(fare_amount), 0) AS revenue,
        count(DISTINCT driver_id) AS drivers,
        count(DISTINCT rider_id) AS riders
    FROM silver.trips
    GROUP BY trip_date
)

SELECT
    trips AS total_trips,
    revenue AS total_revenue,
    CAST(revenue AS DOUBLE) / nullif(paid, 0) AS avg_fare,
    drivers AS active_drivers,
    riders AS active_riders,
    CAST(revenue AS DOUBLE) / trips AS revenue_per_trip,
    trips / nullif(CAST(drivers AS DOUBLE), 0) AS trips_per_driver,
    trip_date
FROM summed
