WITH told AS (
    SELECT
        coalesce(nullif(geo_zone, ''), 'UNKNOWN') AS geo_zone,
        timestamp_seconds(unix_seconds(event_timestamp) DIV 300 * 300) AS window_start,
        if(event_name = 'trip_requested', trip_id, NULL) AS requested_trip,
        if(event_name <> 'trip_requested', driver_id, NULL) AS available_driver
    FROM bronze.events
    WHERE
        event_name IN ('trip_requested', 'driver_available')
        OR (event_name = 'driver_location_updated' AND status = 'AVAILABLE')
),

counted AS (
    SELECT
        geo_zone,
        window_start,
        count(DISTINCT requested_trip) AS rider_requests,
        count(DISTINCT available_driver) AS available_drivers,
        greatest(count(DISTINCT available_driver), 1) AS supply
    FROM told
    WHERE requested_trip IS NOT NULL OR available_driver IS NOT NULL
    GROUP BY geo_zone, window_start
)

SELECT
    geo_zone,
    window_start,
    window_start + INTERVAL 5 MINUTES AS window_end,
    rider_requests,
    available_drivers,
    rider_requests / supply AS demand_supply_ratio,
    -- In whole numbers: a quotient of exactly 1.2 is the higher step, whatever binary fractions say.
    CASE
        WHEN 5 * rider_requests < 6 * supply THEN 1.00
        WHEN rider_requests < 2 * supply THEN 1.50
        WHEN rider_requests < 3 * supply THEN 2.00
        ELSE 2.50
    END AS surge_multiplier,
    to_date(window_start) AS window_date
FROM counted
