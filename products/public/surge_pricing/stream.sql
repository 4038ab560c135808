SELECT
    geo_zone,
    window_start,
    window_end,
    rider_requests,
    available_drivers,
    demand_supply_ratio,
    surge_multiplier,
    version,
    emitted_at AS processing_time
FROM streaming.surge_live
