"""The transform of silver.trips as a function: neither the order of events nor the job changes what it makes."""

from datetime import date
from itertools import permutations
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from tideline_jobs.model.contracts import contract_of
from tideline_jobs.products.silver.trips import sessions, trips, windows

DAY = date(2025, 1, 18)
READ = contract_of("silver.trips").days_read("bronze.events")
STEPS: list[dict[str, Any]] = [
    {"event_id": "e1", "event_name": "trip_requested", "event_timestamp": "2025-01-18 09:55:00", "estimated_fare": 10},
    {"event_id": "e2", "event_name": "trip_started", "event_timestamp": "2025-01-18 10:00:00", "start_lat": 52.5},
    {"event_id": "e3", "event_name": "trip_started", "event_timestamp": "2025-01-18 10:00:00", "start_lat": 13.4},
    {"event_id": "e4", "event_name": "trip_completed", "event_timestamp": "2025-01-18 10:30:00", "status": "COMPLETED"},
    {"event_id": "e5", "event_name": "payment_processed", "event_timestamp": "2025-01-20 10:31:00", "actual_fare": 12},
]


def _events(spark: SparkSession, steps: list[dict[str, Any]]) -> DataFrame:
    contract = contract_of("bronze.events")
    columns = ", ".join(f"`{name}` STRING" for name in contract.columns)
    whole = [{"trip_id": "t", "event_date": step["event_timestamp"][:10], **step} for step in steps]
    rows = [tuple(None if row.get(name) is None else str(row[name]) for name in contract.columns) for row in whole]
    return contract.conform(spark.createDataFrame(rows, columns))


def _trips(spark: SparkSession, steps: list[dict[str, Any]], start: date = DAY, days: int = 1) -> list[dict[str, Any]]:
    made = trips(sessions(windows(_events(spark, steps), start, days, READ)))
    of_day = made.where(f"trip_date = DATE '{DAY}'").select("trip_id", "start_lat", "fare_amount", "duration_seconds")
    return [row.asDict() for row in of_day.collect()]


@pytest.mark.parametrize("order", list(permutations(range(len(STEPS))))[::17])
def test_a_trip_is_the_same_in_whatever_order_its_events_lie(spark: SparkSession, order: tuple[int, ...]) -> None:
    [trip] = _trips(spark, [STEPS[place] for place in order])
    # Of two starts at one instant the one whose id comes first.
    assert (trip["start_lat"], float(trip["fare_amount"]), trip["duration_seconds"]) == (52.5, 12.0, 1800)


def test_a_date_has_the_same_trips_alone_as_in_a_longer_run(spark: SparkSession) -> None:
    assert _trips(spark, STEPS, date(2025, 1, 16), days=5) == _trips(spark, STEPS)
    # Of a day that the date does not read, though another of the run does.
    beyond = [*STEPS[:4], STEPS[4] | {"event_timestamp": "2025-01-21 10:31:00"}]
    [trip] = _trips(spark, beyond, date(2025, 1, 16), days=7)
    assert trip["fare_amount"] is None
