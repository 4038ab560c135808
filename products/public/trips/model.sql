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
    fare_amount,
    surge_multiplier,
    duration_seconds,
    status,
    trip_date,
    -- Events up to 48 hours late still change a date: two days after its end.
    CAST(CASE WHEN trip_date >= DATEADD(day, -3, GETDATE()) THEN 'settling' ELSE 'final' END AS VARCHAR(256)) AS data_state
FROM gold.trips
WHERE trip_date NOT IN (SELECT date FROM public.live_dates)

UNION ALL

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
    fare_amount,
    surge_multiplier,
    duration_seconds,
    status,
    CAST(start_time AS DATE) AS trip_date,
    CAST('provisional' AS VARCHAR(256)) AS data_state
FROM public.trips_realtime
WHERE CAST(start_time AS DATE) IN (SELECT date FROM public.live_dates)
