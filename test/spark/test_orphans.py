"""Events of trips that silver has no row for: each is counted once, with the date before its own."""

from typing import Any

from lakehouse import Lakehouse
from tideline_jobs.model.intervals import keys_between, shift_key

SILVER = "silver.trips"
RUN = ("2025-01-14", "2025-01-20")
STEPS = [
    # A rider who gave up.
    ("given_up", "trip_requested", "2025-01-18 10:00:00"),
    ("given_up", "trip_cancelled", "2025-01-18 10:04:00"),
    # The last date that its trip reads, and the one after it.
    ("long", "trip_started", "2025-01-16 23:50:00"),
    ("long", "payment_processed", "2025-01-18 23:59:59"),
    ("long", "payment_processed", "2025-01-19 00:00:00"),
    # The first date that its trip reads, and the one before it.
    ("scheduled", "trip_requested", "2025-01-16 23:59:59"),
    ("scheduled", "driver_assigned", "2025-01-17 00:00:00"),
    ("scheduled", "trip_started", "2025-01-18 08:00:00"),
    # No trip, though it has started.
    ("alone", "trip_started", "2025-01-17 12:00:00"),
    (None, "driver_available", "2025-01-18 12:00:00"),
]
ORPHANS = {"2025-01-14": 0, "2025-01-15": 1, "2025-01-16": 0, "2025-01-17": 2, "2025-01-18": 1, "2025-01-19": 0}


def _put_events(lakehouse: Lakehouse) -> None:
    events: list[dict[str, Any]] = [
        {"event_id": f"e{number}", "trip_id": trip, "event_name": name, "event_timestamp": at, "event_date": at[:10]}
        for number, (trip, name, at) in enumerate(STEPS)
    ]
    lakehouse.put("bronze.events", events)


def test_each_orphan_is_counted_once_whatever_dates_a_job_builds(lakehouse: Lakehouse) -> None:
    _put_events(lakehouse)
    together = lakehouse.must_build(SILVER, *RUN, build_id="same")
    assert together["orphanEvents"] == ORPHANS
    of_trips = sum(row["event_count"] for row in lakehouse.rows(SILVER))
    lone_starts = 1
    known = sum(trip is not None for trip, _, _ in STEPS)
    assert of_trips + sum(ORPHANS.values()) + lone_starts == known
    assert lakehouse.must_build(SILVER, *RUN, build_id="same") == together
    alone = [lakehouse.must_build(SILVER, day, shift_key("date", day, 1)) for day in keys_between("date", *RUN)]
    assert {key: count for result in alone for key, count in result["orphanEvents"].items()} == ORPHANS
    assert {result["status"] for result in alone} == {"unchanged"}


def test_a_date_without_events_has_no_orphans(lakehouse: Lakehouse) -> None:
    _put_events(lakehouse)
    assert lakehouse.must_build(SILVER, "2025-01-10", "2025-01-11")["orphanEvents"] == {"2025-01-10": 0}
