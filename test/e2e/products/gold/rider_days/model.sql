SELECT
    rider_id,
    count(*) AS total_trips,
    coalesce(sum(fare_amount), 0) AS total_spend,
    trip_date
FROM silver.trips
WHERE rider_id IS NOT NULL
GROUP BY rider_id, trip_date
