"""What a line may not bring into tables, results and messages."""

import json

import pytest
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from events import event
from lakehouse import Lakehouse
from tideline_jobs.products.silver import trips

HOUR = ("2025-01-18T10", "2025-01-18T11")
AT = "2025-01-18T10:00:00.000Z"


def test_identifiers_that_the_warehouse_cannot_keep_are_quarantined(lakehouse: Lakehouse) -> None:
    long = "é" * 64
    good = [event(long, "trip_started", AT), event("e", "trip_started", AT, driver_id=long, status=None)]
    bad = [event(f"{long}x", "trip_started", AT), event("e\n", "trip_started", AT)]
    for name in ("trip_id", "driver_id", "rider_id", "city_id", "vehicle_type", "status"):
        bad += [event(name, "trip_started", AT, **{name: value}) for value in (f"{long}x", "a\0b", "\u0085")]
    lakehouse.land(HOUR[0], [*good, *bad])
    lakehouse.must_build("bronze.events", *HOUR)
    assert {row["event_id"] for row in lakehouse.rows("bronze.events")} == {long, "e"}
    quarantined = lakehouse.rows("bronze.events_quarantine")
    assert {row["reason"] for row in quarantined} == {"BAD_IDENTIFIER"}
    assert [row["line"] for row in sorted(quarantined, key=lambda row: row["line"])] == list(range(3, 3 + len(bad)))


def test_fields_that_nobody_knows_are_told_by_a_few_short_names_and_their_number(lakehouse: Lakehouse) -> None:
    fields = {f"{n:03}{'x' * 100}": n for n in range(70)}
    lakehouse.land(HOUR[0], [event("e1", "trip_started", AT, **fields)])
    lakehouse.land("2025-01-18T11", [{**event("e2", "trip_started", "2025-01-18T11:00:00.000Z"), "channel": "web"}])
    first = lakehouse.must_build("bronze.events", *HOUR)
    names = [f"payload.{n:03}{'x' * 53}" for n in range(50)]
    assert (first["schemaDrift"], first["schemaDriftCount"]) == (names, 70)
    # The first hour is not read again: what its commit says is put beside what the second one brings.
    both = lakehouse.must_build("bronze.events", HOUR[0], "2025-01-18T12")
    assert (both["schemaDrift"], both["schemaDriftCount"]) == (["channel", *names[:49]], 70)


def test_a_failure_is_told_in_one_line_without_rows_or_traces(
    lakehouse: Lakehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    lakehouse.land(HOUR[0], [event(f"e{n}", "trip_started", AT) for n in range(2)])
    lakehouse.must_build("bronze.events", *HOUR)
    original = trips.trips

    def broken(sessioned: DataFrame) -> DataFrame:
        told = F.raise_error(F.concat(F.lit("of rider\n"), F.col("trip_id"))).cast("bigint")
        return original(sessioned).withColumn("duration_seconds", told)

    monkeypatch.setattr(trips, "trips", broken)
    result = lakehouse.build("silver.trips", "2025-01-18", "2025-01-19")
    message = result["error"]["message"]
    assert result["error"]["kind"] == "INTERNAL"
    assert "USER_RAISED_EXCEPTION" in message
    assert " at engine/staging.py:" in message
    assert "rider" not in json.dumps(result)
    assert "\n" not in message
