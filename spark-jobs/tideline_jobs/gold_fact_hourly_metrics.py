"""gold.fact_hourly_metrics: trips, fares and driver time by hour, city and vehicle type."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from tideline_jobs.builds import Build
from tideline_jobs.contracts import contract_of
from tideline_jobs.intervals import shift_key
from tideline_jobs.publish import publish_rows
from tideline_jobs.tables import read_input

HOUR_MS = 3_600_000
_GRAIN = ("metric_hour", "city_id", "vehicle_type")


def _hour_ms(timestamp: Column) -> Column:
    return F.floor(F.unix_millis(timestamp) / HOUR_MS) * HOUR_MS


def _overlap_ms(start: Column, end: Column) -> Column:
    """Milliseconds of [start, end) that fall into the row's hour."""
    hour = F.col("hour_ms")
    clipped = F.least(F.unix_millis(end), hour + HOUR_MS) - F.greatest(F.unix_millis(start), hour)
    return F.greatest(clipped, F.lit(0))


def _with_dimensions(trips: DataFrame) -> DataFrame:
    return trips.select(
        F.coalesce("city_id", F.lit("unknown")).alias("city_id"),
        F.coalesce("vehicle_type", F.lit("unknown")).alias("vehicle_type"),
        # Device clocks put an assignment after its start; a null is passed over.
        F.least("assigned_at", "start_time").alias("busy_from"),
        "start_time",
        "end_time",
        "fare_amount",
        "surge_multiplier",
        "duration_seconds",
        "trip_date",
    )


def trip_counts(trips: DataFrame) -> DataFrame:
    """What counts once, in the hour in which the trip started."""
    return trips.select(
        F.timestamp_millis(_hour_ms(F.col("start_time"))).alias("metric_hour"),
        "city_id",
        "vehicle_type",
        F.lit(1).alias("trips"),
        "fare_amount",
        (F.col("surge_multiplier") > 1).cast("int").alias("surged"),
        "duration_seconds",
        F.lit(0).cast("bigint").alias("driver_ms"),
        F.lit(0).cast("bigint").alias("driving_ms"),
    )


def driver_time(trips: DataFrame) -> DataFrame:
    """What counts in every hour that the trip touches, within a day of its date: further ones are not read back."""
    ended = trips.where("end_time IS NOT NULL AND end_time > busy_from")
    last_ms = F.timestamp_millis(F.unix_millis("end_time") - 1)
    hours = F.sequence(_hour_ms(F.col("busy_from")), _hour_ms(last_ms), F.lit(HOUR_MS).cast("bigint"))
    spread = ended.withColumn("hour_ms", F.explode(hours))
    near = spread.where(F.abs(F.date_diff(F.to_date(F.timestamp_millis("hour_ms")), "trip_date")) <= 1)
    return near.select(
        F.timestamp_millis("hour_ms").alias("metric_hour"),
        "city_id",
        "vehicle_type",
        F.lit(0).alias("trips"),
        F.lit(None).cast("decimal(12,2)").alias("fare_amount"),
        F.lit(0).alias("surged"),
        F.lit(None).cast("bigint").alias("duration_seconds"),
        _overlap_ms(F.col("busy_from"), F.col("end_time")).alias("driver_ms"),
        _overlap_ms(F.col("start_time"), F.col("end_time")).alias("driving_ms"),
    )


def hourly_metrics(trips: DataFrame) -> DataFrame:
    """Sums whole milliseconds, seconds and cents and divides once, so that the order of rows cannot matter."""
    prepared = _with_dimensions(trips)
    summed = (
        trip_counts(prepared)
        .unionByName(driver_time(prepared))
        .groupBy(*_GRAIN)
        .agg(
            F.sum("trips").alias("trips_count"),
            F.coalesce(F.sum("fare_amount"), F.lit(0)).alias("total_fare"),
            (F.sum("duration_seconds") / F.count("duration_seconds") / 60.0).alias("avg_duration"),
            F.coalesce(F.sum("surged"), F.lit(0)).alias("surge_trips"),
            F.sum("driver_ms").alias("driver_ms"),
            F.sum("driving_ms").alias("driving_ms"),
        )
    )
    share = F.when(F.col("driver_ms") > 0, 100.0 * F.col("driving_ms") / F.col("driver_ms")).otherwise(0.0)
    return summed.select(
        F.to_date("metric_hour").alias("metric_date"),
        *_GRAIN,
        "trips_count",
        "total_fare",
        "avg_duration",
        "surge_trips",
        (F.col("driver_ms") / float(HOUR_MS)).alias("driver_hours"),
        share.alias("utilization_pct"),
        F.current_timestamp().alias("processing_timestamp"),
    )


def run(build: Build) -> None:
    request = build.request

    def compute() -> DataFrame:
        silver, version = read_input(build.spark, contract_of("silver.trips"), request.lake)
        build.report.input_versions = {"silver.trips": version}
        # Trips of the date before may run into this one; trips of the date after may have been assigned in it.
        first, last = F.lit(shift_key("date", request.start, -1)), F.lit(request.end)
        near = silver.where(F.col("trip_date").between(first.cast("date"), last.cast("date")))
        asked = F.col("metric_date").between(
            F.lit(request.start).cast("date"), F.lit(shift_key("date", request.end, -1)).cast("date")
        )
        return hourly_metrics(near).where(asked)

    publish_rows(build, compute, rows_in=F.sum("trips_count"))
