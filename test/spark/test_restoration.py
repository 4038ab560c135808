"""Restoring: the rows, what later builds make of it, and what the warehouse is to load."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from delta.tables import DeltaTable
from pyspark.sql import SparkSession

from events import event, place
from lakehouse import Lakehouse
from tideline_jobs.jobs.restoration import RestoreRequest, run_restore
from tideline_jobs.kinds.raw_lines import publish
from tideline_jobs.model.contracts import contract_of
from tideline_jobs.tables.delta import Table

EVENTS = "bronze.events"
HOUR = ("2025-01-18T10", "2025-01-18T11")
NEXT = ("2025-01-18T11", "2025-01-18T12")
DAY = ("2025-01-18", "2025-01-19")


def _restore(
    lakehouse: Lakehouse, product: str, version: int, restore_id: str = "restore", generation: int = 1
) -> dict[str, Any]:
    return run_restore(lakehouse.spark, RestoreRequest(product, restore_id, generation, lakehouse.lake, version))


def _must_restore(
    lakehouse: Lakehouse, product: str, version: int, restore_id: str = "restore", generation: int = 1
) -> dict[str, Any]:
    result = _restore(lakehouse, product, version, restore_id, generation)
    assert result["error"] is None, result["error"]
    return result


def _publish(lakehouse: Lakehouse, hour: tuple[str, str], *event_ids: str) -> int:
    at = f"{hour[0]}:00:00.000Z"
    lakehouse.land(hour[0], [event(event_id, "trip_requested", at) for event_id in event_ids])
    return int(lakehouse.must_build(EVENTS, *hour)["outputVersion"])


def _ids(lakehouse: Lakehouse) -> list[str]:
    return sorted(row["event_id"] for row in lakehouse.table(EVENTS).collect())


def test_a_restored_table_has_the_rows_that_it_had_and_builds_go_on_from_there(lakehouse: Lakehouse) -> None:
    good = _publish(lakehouse, HOUR, "a")
    before = lakehouse.table(EVENTS).collect()
    lakehouse.must_maintain(EVENTS)
    _publish(lakehouse, HOUR, "bad")
    last = _publish(lakehouse, NEXT, "also bad")
    result = _must_restore(lakehouse, EVENTS, good)
    assert lakehouse.table(EVENTS).collect() == before
    assert (result["restored"], result["version"]) == (good, last + 2)
    assert result["changedPartitions"] == ["2025-01-18"]
    # The files are those of the undone builds: they are read again, for what they made is no longer there.
    again = lakehouse.must_build(EVENTS, HOUR[0], NEXT[1])
    assert [counts["changed"] for counts in again["intervals"]] == [True, True]
    assert _ids(lakehouse) == ["also bad", "bad"]
    assert lakehouse.must_build(EVENTS, HOUR[0], NEXT[1])["status"] == "unchanged"
    lakehouse.must_maintain(EVENTS)
    assert _ids(lakehouse) == ["also bad", "bad"]


def test_what_stood_before_stays_known_and_is_not_built_again(lakehouse: Lakehouse) -> None:
    good = _publish(lakehouse, HOUR, "a")
    _publish(lakehouse, NEXT, "bad")
    restored = _must_restore(lakehouse, EVENTS, good)
    kept = lakehouse.must_build(EVENTS, *HOUR)
    assert (kept["status"], kept["outputVersion"]) == ("unchanged", restored["version"])
    _publish(lakehouse, NEXT, "good")
    assert _ids(lakehouse) == ["a", "good"]


def test_a_restore_can_itself_be_undone(lakehouse: Lakehouse) -> None:
    first = _publish(lakehouse, HOUR, "a")
    second = _publish(lakehouse, HOUR, "b")
    _must_restore(lakehouse, EVENTS, first, "back")
    assert _ids(lakehouse) == ["a"]
    _must_restore(lakehouse, EVENTS, second, "forth")
    assert _ids(lakehouse) == ["b"]
    assert lakehouse.must_build(EVENTS, *HOUR)["status"] == "unchanged"


def test_builds_go_on_after_somebodys_restore_to_a_timestamp(lakehouse: Lakehouse) -> None:
    good = _publish(lakehouse, HOUR, "a")
    time.sleep(1)
    told = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    time.sleep(1)
    _publish(lakehouse, HOUR, "bad")
    last = _publish(lakehouse, NEXT, "also bad")
    DeltaTable.forPath(lakehouse.spark, lakehouse.path(EVENTS)).restoreToTimestamp(told)
    assert _ids(lakehouse) == ["a"]
    table = Table(lakehouse.spark, contract_of(EVENTS), lakehouse.lake)
    assert table.log.commit(last + 1).restored == good
    assert [commit.version for commit in table.snapshot().commits()][:2] == [last + 1, good]
    again = lakehouse.must_build(EVENTS, HOUR[0], NEXT[1])
    assert [counts["changed"] for counts in again["intervals"]] == [True, True]
    assert _ids(lakehouse) == ["also bad", "bad"]


def test_an_interval_whose_build_was_undone_was_built_once(lakehouse: Lakehouse) -> None:
    good = _publish(lakehouse, HOUR, "a")
    _publish(lakehouse, NEXT, "b")
    _must_restore(lakehouse, EVENTS, good)
    snapshot = Table(lakehouse.spark, contract_of(EVENTS), lakehouse.lake).snapshot()
    assert snapshot.last_build(NEXT[0]) is None
    assert not snapshot.never_built(NEXT[0])
    assert snapshot.never_built(NEXT[1])


def test_a_second_try_of_a_restore_answers_like_the_first_and_commits_nothing(lakehouse: Lakehouse) -> None:
    good = _publish(lakehouse, HOUR, "a")
    _publish(lakehouse, HOUR, "b")
    first = _must_restore(lakehouse, EVENTS, good)
    assert _must_restore(lakehouse, EVENTS, good) == first
    assert lakehouse.versions(EVENTS) == first["version"] + 1
    # Asked for once more, it is another restore with the same to do for readers.
    again = _must_restore(lakehouse, EVENTS, good, "again")
    assert again == {**first, "restoreId": "again", "version": first["version"] + 2}


def test_a_build_that_was_asked_for_before_a_restore_publishes_nothing_over_it(
    lakehouse: Lakehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = _publish(lakehouse, HOUR, "a")
    commit = publish._commit

    def restored_meanwhile(*arguments: Any) -> int | None:
        monkeypatch.undo()
        _must_restore(lakehouse, EVENTS, good, "meanwhile", 2)
        return commit(*arguments)

    # It has read the table, and the restore comes before its commit.
    monkeypatch.setattr(publish, "_commit", restored_meanwhile)
    lakehouse.land(HOUR[0], [event("bad", "trip_requested", f"{HOUR[0]}:00:00.000Z")])
    error = lakehouse.build(EVENTS, *HOUR)["error"]
    assert (error["kind"], _ids(lakehouse)) == ("SUPERSEDED", ["a"])
    assert "restore meanwhile" in error["message"]
    # Its driver comes up when the restore is over.
    assert lakehouse.build(EVENTS, *HOUR)["error"]["kind"] == "SUPERSEDED"
    lakehouse.must_build(EVENTS, *HOUR, generation=3)
    assert _ids(lakehouse) == ["bad"]


def test_the_number_that_a_restore_takes_is_in_checkpoints_too(lakehouse: Lakehouse) -> None:
    good = _publish(lakehouse, HOUR, "a")
    _publish(lakehouse, HOUR, "bad")
    _must_restore(lakehouse, EVENTS, good)
    table = Table(lakehouse.spark, contract_of(EVENTS), lakehouse.lake)
    told = table.snapshot().sequence
    lakehouse.spark._jvm.org.apache.spark.sql.delta.DeltaLog.forTable(  # type: ignore[union-attr]
        lakehouse.spark._jsparkSession, table.path
    ).checkpoint()
    fresh = Table(lakehouse.spark, contract_of(EVENTS), lakehouse.lake)
    assert (fresh.log.checkpointed_version, fresh.log.checkpointed_sequence()) == (fresh.snapshot().version, told)


def test_neither_does_it_over_a_restored_quarantine(lakehouse: Lakehouse) -> None:
    quarantine = "bronze.events_quarantine"
    lakehouse.land(HOUR[0], ["no event"])
    good = int(lakehouse.must_build(EVENTS, *HOUR)["outputVersion"])
    _must_restore(lakehouse, quarantine, good, generation=2)
    lakehouse.land(HOUR[0], ["no event", "nor this"])
    assert lakehouse.build(EVENTS, *HOUR)["error"]["kind"] == "SUPERSEDED"
    assert len(lakehouse.rows(quarantine)) == 1


def test_lines_that_a_restored_quarantine_lacks_are_put_there_by_the_next_build_of_their_hour(
    lakehouse: Lakehouse,
) -> None:
    quarantine = "bronze.events_quarantine"
    lakehouse.land(HOUR[0], ["no event", event("a", "trip_requested", f"{HOUR[0]}:00:00.000Z")])
    lakehouse.must_build(EVENTS, *HOUR)
    before = lakehouse.versions(quarantine) - 1
    lakehouse.land(NEXT[0], ["nor this", event("b", "trip_requested", f"{NEXT[0]}:00:00.000Z")])
    lakehouse.must_build(EVENTS, *NEXT)
    rows = lakehouse.rows(quarantine)
    _must_restore(lakehouse, quarantine, before)
    assert len(lakehouse.rows(quarantine)) == 1
    built = lakehouse.must_build(EVENTS, HOUR[0], NEXT[1])
    assert [counts["changed"] for counts in built["intervals"]] == [False, True]
    assert (lakehouse.rows(quarantine), _ids(lakehouse)) == (rows, ["a", "b"])
    assert lakehouse.must_build(EVENTS, HOUR[0], NEXT[1])["status"] == "unchanged"


def test_a_restore_undoes_no_build_that_was_asked_for_after_it(lakehouse: Lakehouse) -> None:
    good = _publish(lakehouse, HOUR, "a")
    lakehouse.land(HOUR[0], [event("newer", "trip_requested", f"{HOUR[0]}:00:00.000Z")])
    lakehouse.must_build(EVENTS, *HOUR, generation=2)
    assert _restore(lakehouse, EVENTS, good)["error"]["kind"] == "SUPERSEDED"
    assert _ids(lakehouse) == ["newer"]


def test_a_version_that_is_no_more_or_never_was_is_bad_input_and_nothing_changes(lakehouse: Lakehouse) -> None:
    gone = _publish(lakehouse, HOUR, "a")
    _publish(lakehouse, HOUR, "b")
    lakehouse.age(EVENTS, days=9)
    lakehouse.must_maintain(EVENTS)
    for version, told in ((gone, "Not all files"), (99, "Available versions")):
        error = _restore(lakehouse, EVENTS, version)["error"]
        assert error["kind"] == "BAD_INPUT"
        assert f"{EVENTS} cannot be restored to version {version}: " in error["message"]
        assert told in error["message"]
    assert "has no table" in _restore(lakehouse, "silver.trips", 1)["error"]["message"]
    assert _ids(lakehouse) == ["b"]
    assert lakehouse.must_build(EVENTS, *HOUR)["status"] == "unchanged"


def _exported(spark: SparkSession, result: dict[str, Any]) -> list[tuple[str, str]]:
    manifest = json.loads(Path(result["exportManifest"].removeprefix("file:")).read_text())
    rows = spark.read.parquet(*[entry["url"] for entry in manifest["entries"]])
    return sorted((row["trip_id"], str(row["trip_date"])) for row in rows.collect())


def test_what_the_warehouse_has_is_exported_for_the_dates_from_the_first_to_the_last_that_changed(
    lakehouse: Lakehouse,
) -> None:
    def ride(trip: str, date: str, trip_id: str) -> list[Any]:
        here = place(37.77, -122.42)
        return [
            event(f"{trip}1", "trip_requested", f"{date}T10:00:00.000Z", trip_id=trip_id, city_id="san_francisco"),
            event(f"{trip}2", "trip_started", f"{date}T10:01:00.000Z", trip_id=trip_id, pickup_location=here),
        ]

    days = ["2025-01-17", "2025-01-18", "2025-01-19"]
    for number, date in enumerate(days):
        lakehouse.land(f"{date}T10", ride(f"e{number}", date, f"trip_{number}"))
        lakehouse.must_build(EVENTS, f"{date}T10", f"{date}T11")
    everything = ("2025-01-17", "2025-01-20")
    lakehouse.must_build("silver.trips", *everything)
    good = lakehouse.must_build("gold.trips", *everything)["outputVersion"]
    before = lakehouse.rows("gold.trips")
    for date in (days[0], days[2]):
        lakehouse.land(f"{date}T11", ride(f"late {date}", date, f"late_{date}"))
        lakehouse.must_build(EVENTS, f"{date}T11", f"{date}T12")
    lakehouse.must_build("silver.trips", *everything)
    lakehouse.must_build("gold.trips", *everything)
    assert len(lakehouse.rows("gold.trips")) == 5
    result = _must_restore(lakehouse, "gold.trips", int(good))
    assert lakehouse.rows("gold.trips") == before
    assert result["changedPartitions"] == [days[0], days[2]]
    assert (result["exportStart"], result["exportEnd"]) == everything
    assert _exported(lakehouse.spark, result) == [(f"trip_{number}", date) for number, date in enumerate(days)]
