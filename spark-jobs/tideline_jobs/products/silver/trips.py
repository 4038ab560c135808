"""silver.trips: one row per started trip, put together from its events."""

from datetime import date, timedelta

from pyspark.sql import Column, DataFrame, Observation
from pyspark.sql import functions as F

from tideline_jobs.engine.builds import Build
from tideline_jobs.engine.publish import publish_rows

EARTH_RADIUS_KM = 6371.0088
SUSPICIOUS_MINUTES = 240
SUSPICIOUS_FARE = 500
SURGE_FACTOR = "1.1BD"

_USED = (
    "event_id",
    "event_name",
    "event_timestamp",
    "trip_id",
    "driver_id",
    "rider_id",
    "city_id",
    "vehicle_type",
    "start_lat",
    "start_lon",
    "end_lat",
    "end_lon",
    "estimated_fare",
    "actual_fare",
    "surge_multiplier",
    "status",
    "rating",
    "duration",
)


def _order() -> Column:
    """First and last are by time, then by id: two runs over the same events must choose the same one."""
    return F.struct("event_timestamp", "event_id")


def _first(value: Column, among: Column) -> Column:
    return F.min_by(value, F.when(among, _order()))


def _last(value: Column, among: Column) -> Column:
    return F.max_by(value, F.when(among, _order()))


def _is(event_name: str) -> Column:
    return F.col("event_name") == event_name


def _first_known(column: str) -> Column:
    return _first(F.col(column), F.col(column).isNotNull()).alias(column)


def windows(events: DataFrame, start: date, days: int, read: range) -> DataFrame:
    """
    The events beside every date of the run that they count for: `session_date`. A trip is put together from the events
    of the days that its date reads, whatever else is built in the same job. `is_judged` where these days are just those
    on which a trip that the event is part of can have started: of one session date for each event.
    """
    used = events.where(F.col("trip_id").isNotNull()).select(*_USED, "event_date")
    if days == 1:
        windowed = used.withColumn("session_date", F.lit(start))
    else:
        dates = F.array(*[F.lit(start + timedelta(days=day)) for day in range(days)])
        near = F.filter(dates, lambda day: F.date_diff(F.col("event_date"), day).between(read[0], read[-1]))
        windowed = used.withColumn("session_date", F.explode(near))
    is_judged = F.date_diff("event_date", "session_date") == read[0] + read[-1]
    return windowed.withColumn("is_judged", is_judged).drop("event_date")


def sessions(windowed: DataFrame) -> DataFrame:
    """One row per trip and session date with the events that decide, still as they are."""
    started = _first(F.struct("event_timestamp", "start_lat", "start_lon"), _is("trip_started"))
    completed = _last(F.struct("event_timestamp", "end_lat", "end_lon", "rating", "duration"), _is("trip_completed"))
    requested = _first(F.struct("event_timestamp", "surge_multiplier"), _is("trip_requested"))
    return windowed.groupBy("trip_id", "session_date").agg(
        *[_first_known(column) for column in ("driver_id", "rider_id", "city_id", "vehicle_type", "estimated_fare")],
        started.alias("started"),
        completed.alias("completed"),
        requested.alias("requested"),
        F.min(F.when(_is("driver_assigned"), F.col("event_timestamp"))).alias("assigned_at"),
        F.max(F.when(_is("trip_cancelled"), F.col("event_timestamp"))).alias("cancelled_at"),
        _last(F.col("actual_fare"), _is("payment_processed")).alias("fare_amount"),
        _last(F.col("status"), F.col("status").isNotNull()).alias("status"),
        F.count("*").alias("event_count"),
        F.count_if(_is("driver_location_updated")).alias("location_updates"),
        F.count_if("is_judged").alias("judged_events"),
    )


def orphan_events(dates: list[str]) -> list[Column]:
    """Aggregates sessions into the events, by session date, whose trip has started on no day on which it could have."""
    orphans = F.when(F.col("started").isNull(), F.col("judged_events"))
    return [F.sum(F.when(F.col("session_date") == F.lit(day).cast("date"), orphans)).alias(day) for day in dates]


def _distance_km() -> Column:
    lat1, lat2 = F.radians("start_lat"), F.radians("end_lat")
    d_lat, d_lon = lat2 - lat1, F.radians("end_lon") - F.radians("start_lon")
    chord = F.pow(F.sin(d_lat / 2), 2) + F.cos(lat1) * F.cos(lat2) * F.pow(F.sin(d_lon / 2), 2)
    # Rounding may lift the chord of antipodes above 1, where asin is not defined. No least(): it passes over nulls.
    bounded = F.when(chord > 1, 1.0).otherwise(chord)
    return F.round(2 * EARTH_RADIUS_KM * F.asin(F.sqrt(bounded)), 3)


def trips(sessioned: DataFrame) -> DataFrame:
    """Sessions that are trips (started, at least two events) of their session date, in the contract's columns."""
    flat = sessioned.select(
        "*",
        F.col("requested.event_timestamp").alias("requested_at"),
        F.col("requested.surge_multiplier").alias("surge_multiplier"),
        F.col("started.event_timestamp").alias("start_time"),
        F.col("completed.event_timestamp").alias("end_time"),
        F.col("started.start_lat").alias("start_lat"),
        F.col("started.start_lon").alias("start_lon"),
        F.col("completed.end_lat").alias("end_lat"),
        F.col("completed.end_lon").alias("end_lon"),
        F.col("completed.rating").alias("rating"),
        F.col("completed.duration").alias("reported_duration_seconds"),
        F.to_date("started.event_timestamp").alias("trip_date"),
    ).where("start_time IS NOT NULL AND event_count >= 2 AND trip_date = session_date")
    seconds = F.floor((F.unix_millis("end_time") - F.unix_millis("start_time")) / 1000)
    timed = flat.withColumn("duration_seconds", seconds)
    too_long = F.col("duration_seconds") > SUSPICIOUS_MINUTES * 60
    too_dear = F.col("fare_amount") > SUSPICIOUS_FARE
    return timed.select(
        "*",
        (F.col("duration_seconds") / 60.0).alias("duration_min"),
        _distance_km().alias("distance_km"),
        F.coalesce(F.col("status") == "COMPLETED", F.lit(False)).alias("is_completed"),
        (F.coalesce(too_long, F.lit(False)) | F.coalesce(too_dear, F.lit(False))).alias("is_suspicious"),
        F.coalesce(F.expr(f"fare_amount > {SURGE_FACTOR} * estimated_fare"), F.lit(False)).alias("surge_applied"),
    )


def run(build: Build) -> None:
    first, days = date.fromisoformat(build.request.start), len(build.keys)
    read = build.contract.days_read("bronze.events")
    orphans = Observation("orphans")

    def compute(inputs: dict[str, DataFrame]) -> DataFrame:
        sessioned = sessions(windows(inputs["bronze.events"], first, days, read))
        return trips(sessioned.observe(orphans, *orphan_events(build.keys)))

    publish_rows(build, compute, rows_in=F.sum("event_count"), orphans=orphans)
