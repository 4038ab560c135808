-- Each trip's first request of a date.
WITH requests AS (
    SELECT
        trip_id,
        event_date AS request_date,
        min(event_timestamp) AS requested_at,
        min_by(coalesce(city_id, 'unknown'), struct(event_timestamp, event_id)) AS city_id,
        min_by(coalesce(nullif(geo_zone, ''), 'UNKNOWN'), struct(event_timestamp, event_id)) AS geo_zone,
        min_by(coalesce(surge_multiplier, 1.00), struct(event_timestamp, event_id)) AS surge_multiplier
    FROM bronze.events
    WHERE event_name = 'trip_requested' AND trip_id IS NOT NULL
    GROUP BY trip_id, event_date
),

-- silver.trips has started trips alone, and riders who give up do so before.
told AS (
    SELECT
        trip_id,
        event_date,
        min(if(event_name = 'driver_assigned', event_timestamp, NULL)) AS assigned_at,
        bool_or(event_name = 'trip_cancelled') AS is_cancelled
    FROM bronze.events
    WHERE event_name IN ('driver_assigned', 'trip_cancelled') AND trip_id IS NOT NULL
    GROUP BY trip_id, event_date
),

outcomes AS (
    SELECT
        r.trip_id,
        r.request_date,
        min(t.assigned_at) AS assigned_at,
        coalesce(bool_or(s.is_completed), false) AS is_completed,
        coalesce(bool_or(t.is_cancelled), false) AS is_cancelled,
        max(s.fare_amount) AS fare_amount
    FROM requests AS r
    LEFT JOIN told AS t
        ON r.trip_id = t.trip_id AND t.event_date BETWEEN r.request_date AND date_add(r.request_date, 1)
    LEFT JOIN silver.trips AS s
        ON r.trip_id = s.trip_id AND s.trip_date BETWEEN r.request_date AND date_add(r.request_date, 1)
    GROUP BY r.trip_id, r.request_date
),

-- Requests between the ends of their zone's windows: a window is in force from its end on, of one instant the window first.
in_order AS (
    SELECT
        *,
        last_value(ended, true) OVER (PARTITION BY geo_zone ORDER BY at, is_request) AS in_force
    FROM (
        SELECT
            geo_zone,
            window_end AS at,
            false AS is_request,
            struct(window_date, surge_multiplier) AS ended,
            NULL AS trip_id,
            NULL AS request_date,
            NULL AS city_id,
            NULL AS surge_multiplier
        FROM gold.surge_windows
        UNION ALL
        SELECT geo_zone, requested_at, true, NULL, trip_id, request_date, city_id, surge_multiplier
        FROM requests
    )
),

priced AS (
    SELECT
        *,
        -- Neither true nor false where no window is near enough.
        if(
            in_force.window_date >= date_sub(request_date, 1),
            int(in_force.surge_multiplier = surge_multiplier),
            NULL
        ) AS is_as_window
    FROM in_order
    WHERE is_request
)

SELECT
    date_trunc('HOUR', p.at) AS request_hour,
    p.city_id,
    p.surge_multiplier,
    count(*) AS requests,
    count_if(o.is_completed) AS completed,
    count_if(o.is_cancelled AND NOT o.is_completed) AS cancelled,
    100D * count_if(o.is_completed) / count(*) AS completion_pct,
    sum(unix_millis(o.assigned_at) - unix_millis(p.at)) / count(o.assigned_at) / 1000 AS avg_wait_seconds,
    CAST(sum(o.fare_amount) AS DOUBLE) / nullif(count(o.fare_amount), 0) AS avg_fare,
    100D * sum(p.is_as_window) / nullif(count(p.is_as_window), 0) AS as_window_pct,
    p.request_date
FROM priced AS p
INNER JOIN outcomes AS o ON p.trip_id = o.trip_id AND p.request_date = o.request_date
GROUP BY p.request_date, request_hour, p.city_id, p.surge_multiplier
