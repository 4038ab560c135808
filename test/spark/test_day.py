"""One small day through all layers."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from events import event, place
from lakehouse import Lakehouse

DAY = ("2025-01-18", "2025-01-19")
AS_IN_PRODUCTION = {
    "spark.sql.codegen.wholeStage": "true",
    "spark.sql.codegen.factoryMode": "FALLBACK",
    "spark.sql.adaptive.enabled": "true",
}


@pytest.fixture(autouse=True)
def compiled(spark: SparkSession) -> Iterator[None]:
    """Plans are compiled and adapt; the other tests have theirs interpreted."""
    before = {key: spark.conf.get(key) for key in AS_IN_PRODUCTION}
    for key, value in AS_IN_PRODUCTION.items():
        spark.conf.set(key, value)
    yield
    for key, value in before.items():
        spark.conf.set(key, value)


def test_a_trip_goes_from_raw_lines_to_the_gold_tables_and_their_export(lakehouse: Lakehouse) -> None:
    here, there = place(37.7749, -122.4194), place(37.8044, -122.2712)
    who = {"driver_id": "drv_1", "rider_id": "rid_1", "city_id": "san_francisco", "vehicle_type": "economy"}
    lakehouse.land(
        "2025-01-18T10",
        [
            event("e1", "trip_requested", "2025-01-18T10:00:00.000Z", estimated_fare=15.5, surge_multiplier=1.5, **who),
            event("e2", "driver_assigned", "2025-01-18T10:02:00.000Z", **who),
            event("e3", "trip_started", "2025-01-18T10:10:00.000Z", pickup_location=here, status="ACTIVE", **who),
        ],
    )
    lakehouse.land(
        "2025-01-18T11",
        [
            event("e4", "trip_completed", "2025-01-18T11:10:00.500Z", dropoff_location=there, status="COMPLETED"),
            event("e5", "payment_processed", "2025-01-18T11:11:00.000Z", actual_fare=20.25),
            "not json",
        ],
    )
    bronze = lakehouse.must_build("bronze.events", "2025-01-18T10", "2025-01-18T12")
    assert [(i["rowsIn"], i["rowsPublished"], i["rowsQuarantined"]) for i in bronze["intervals"]] == [
        (3, 3, 0),
        (3, 2, 1),
    ]
    newest = {"2025-01-18T10": "2025-01-18T10:10:00.000Z", "2025-01-18T11": "2025-01-18T11:11:00.000Z"}
    assert bronze["newestEvents"] == newest

    silver = lakehouse.must_build("silver.trips", *DAY)
    assert silver["inputVersions"] == {"bronze.events": bronze["outputVersion"]}
    assert silver["orphanEvents"] == {DAY[0]: 0}
    [trip] = lakehouse.rows("silver.trips")
    assert (trip["trip_id"], trip["status"], trip["duration_seconds"], trip["event_count"]) == (
        "trip_1",
        "COMPLETED",
        3600,
        5,
    )
    assert (str(trip["fare_amount"]), trip["surge_applied"], trip["distance_km"]) == ("20.25", True, 13.43)

    gold = lakehouse.must_build("gold.trips", *DAY)
    started = {"2025-01-18": "2025-01-18T10:10:00.000Z"}
    assert (silver["newestEvents"], gold["newestEvents"]) == (started, started)
    [copied] = lakehouse.rows("gold.trips")
    assert copied == {name: trip[name] for name in copied}
    manifest = json.loads(Path(gold["exportManifest"].removeprefix("file:")).read_text())
    assert sum(entry["meta"]["content_length"] > 0 for entry in manifest["entries"]) >= 1

    metrics = lakehouse.must_build("gold.fact_hourly_metrics", *DAY)
    assert metrics["newestEvents"] == {"2025-01-18": "2025-01-18T11:00:00.000Z"}
    hours = [
        (row["metric_hour"].hour, row["trips_count"], str(row["total_fare"]), row["surge_trips"], row["driver_hours"])
        for row in lakehouse.rows("gold.fact_hourly_metrics")
    ]
    assert hours == [(10, 1, "20.25", 1, 58 / 60), (11, 0, "0.00", 0, 600.5 / 3600)]

    for dimension, rows in {"gold.dim_city": 15, "gold.dim_vehicle_type": 9}.items():
        result = lakehouse.must_build(dimension, *DAY)
        assert (result["intervals"][0]["rowsPublished"], result["newestEvents"]) == (rows, {})
        assert lakehouse.must_build(dimension, *DAY)["status"] == "unchanged"
