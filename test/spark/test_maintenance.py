"""Maintenance: what it compacts, which old versions stay, and that builds go on as if it had never been."""

from typing import Any

import pytest
from delta.exceptions.captured import ConcurrentDeleteReadException
from delta.tables import DeltaTable
from py4j.protocol import Py4JError
from pyspark.sql import DataFrame

from events import event
from lakehouse import Lakehouse
from tideline_jobs.jobs import maintenance

HOUR = ("2025-01-18T10", "2025-01-18T11")
DAY = ("2025-01-18", "2025-01-19")
EVENTS = "bronze.events"


def _requested(event_id: str, at: str = "2025-01-18T10:00:00.000Z") -> dict[str, Any]:
    return event(event_id, "trip_requested", at)


def _publish(lakehouse: Lakehouse, *event_ids: str) -> int:
    """Makes these the only events of the hour; the version that has them."""
    lakehouse.land(HOUR[0], [_requested(event_id) for event_id in event_ids])
    return int(lakehouse.must_build(EVENTS, *HOUR)["outputVersion"])


def _assert_gone(rows: DataFrame) -> None:
    with pytest.raises(Py4JError, match="FILE_NOT_EXIST"):
        rows.collect()


def _ids(rows: DataFrame) -> list[str]:
    return sorted(row["event_id"] for row in rows.select("event_id").collect())


def _operations(lakehouse: Lakehouse, product: str = EVENTS) -> list[str]:
    history = DeltaTable.forPath(lakehouse.spark, lakehouse.path(product)).history()
    return [row["operation"] for row in history.orderBy("version").collect()]


def test_many_small_files_become_one_for_each_changed_partition(lakehouse: Lakehouse) -> None:
    for hour in range(10, 13):
        lakehouse.land(f"2025-01-18T{hour}", [_requested(f"e{hour}", f"2025-01-18T{hour}:00:00.000Z")])
        lakehouse.must_build(EVENTS, f"2025-01-18T{hour}", f"2025-01-18T{hour + 1}")
    lakehouse.land("2025-01-19T00", [_requested("other day", "2025-01-19T00:00:00.000Z")])
    lakehouse.must_build(EVENTS, "2025-01-19T00", "2025-01-19T01")
    before = lakehouse.rows(EVENTS)
    first = lakehouse.must_maintain(EVENTS)
    assert (first["filesBefore"], first["filesAfter"], first["partitions"]) == (4, 2, 2)
    assert lakehouse.rows(EVENTS) == before
    assert "OPTIMIZE" in _operations(lakehouse)
    quiet = lakehouse.must_maintain(EVENTS)
    assert (quiet["partitions"], quiet["filesAfter"]) == (0, 2)
    lakehouse.land("2025-01-18T13", [_requested("e13", "2025-01-18T13:00:00.000Z")])
    lakehouse.must_build(EVENTS, "2025-01-18T13", "2025-01-18T14")
    changed = lakehouse.must_maintain(EVENTS)
    assert (changed["partitions"], changed["filesBefore"], changed["filesAfter"]) == (1, 3, 2)


def test_builds_go_on_after_a_maintenance_as_on_a_table_that_never_had_one(lakehouse: Lakehouse) -> None:
    arrivals = {"10": ["a", "shared"], "11": ["b", "shared"], "12": ["b", "c"]}
    for hour, event_ids in arrivals.items():
        lakehouse.land(f"2025-01-18T{hour}", [_requested(event_id) for event_id in event_ids], ["broken"])
    steps = [("2025-01-18T11", "2025-01-18T12"), ("2025-01-18T12", "2025-01-18T13"), HOUR]
    plain = lakehouse.beside("plain")
    for step in steps:
        expected = plain.must_build(EVENTS, *step)
        result = lakehouse.must_build(EVENTS, *step)
        assert (result["intervals"], result["status"]) == (expected["intervals"], expected["status"])
        assert result["changedPartitions"] == expected["changedPartitions"]
        version = lakehouse.must_maintain(EVENTS)["version"]
        lakehouse.must_maintain("bronze.events_quarantine")
        assert lakehouse.must_build(EVENTS, *step)["status"] == "unchanged"
        assert lakehouse.must_build(EVENTS, *step)["outputVersion"] == version
    for product in (EVENTS, "bronze.events_quarantine"):
        assert lakehouse.rows(product) == plain.rows(product)
    lakehouse.must_build("silver.trips", *DAY)


def test_only_versions_within_the_retention_stay_readable(lakehouse: Lakehouse) -> None:
    gone = _publish(lakehouse, "a")
    replaced = _publish(lakehouse, "b")
    lakehouse.age(EVENTS, days=8)
    current = _publish(lakehouse, "c")
    result = lakehouse.must_maintain(EVENTS)
    assert result["filesDeleted"] == 1
    _assert_gone(lakehouse.table(EVENTS, gone))
    # It was the newest until a moment ago.
    assert _ids(lakehouse.table(EVENTS, replaced)) == ["b"]
    assert _ids(lakehouse.table(EVENTS, current)) == ["c"]


def test_a_version_that_somebody_needs_stays_readable_row_by_row(lakehouse: Lakehouse) -> None:
    versions = []
    for event_ids in (["a"], ["a", "b"], ["c", "d", "e"], ["f"]):
        versions.append(_publish(lakehouse, *event_ids))
        # Far beyond what Delta keeps when nobody tells it otherwise.
        lakehouse.age(EVENTS, days=20)
    needed = lakehouse.table(EVENTS, versions[2]).collect()
    result = lakehouse.must_maintain(EVENTS, needed_version=versions[2])
    assert result["filesDeleted"] == 1
    assert lakehouse.table(EVENTS, versions[2]).collect() == needed
    assert _ids(lakehouse.table(EVENTS)) == ["f"]
    _assert_gone(lakehouse.table(EVENTS, versions[0]))
    # Still so when nobody has built for long, and until nobody needs it any more.
    lakehouse.age(EVENTS, days=20)
    assert lakehouse.must_maintain(EVENTS, needed_version=versions[2])["filesDeleted"] == 0
    assert lakehouse.table(EVENTS, versions[2]).collect() == needed
    assert lakehouse.must_maintain(EVENTS)["filesDeleted"] > 0
    _assert_gone(lakehouse.table(EVENTS, versions[2]))


def test_builds_go_on_when_the_commits_of_all_builds_are_gone_from_the_log(lakehouse: Lakehouse) -> None:
    _publish(lakehouse, "a")
    built = _publish(lakehouse, "b")
    # Delta removes commits when it writes a checkpoint, up to the last checkpoint that is too old itself.
    table = f"delta.`{lakehouse.path(EVENTS)}`"
    lakehouse.spark.sql(f"ALTER TABLE {table} SET TBLPROPERTIES ('delta.checkpointInterval' = '2')")
    lakehouse.must_maintain(EVENTS)
    lakehouse.age(EVENTS, days=500)
    lakehouse.must_maintain(EVENTS)
    assert min(lakehouse.log_versions(EVENTS)) > built
    result = _publish(lakehouse, "c")
    assert result == max(lakehouse.log_versions(EVENTS))
    assert _ids(lakehouse.table(EVENTS)) == ["c"]
    assert lakehouse.must_build(EVENTS, *HOUR)["status"] == "unchanged"


def test_the_past_is_kept_by_contract_and_longer_where_somebody_needs_it(lakehouse: Lakehouse) -> None:
    def kept() -> tuple[str, str]:
        properties = DeltaTable.forPath(lakehouse.spark, lakehouse.path(EVENTS)).detail().collect()[0]["properties"]
        return properties["delta.logRetentionDuration"], properties["delta.deletedFileRetentionDuration"]

    version = _publish(lakehouse, "a")
    by_contract = ("interval 400 days", "interval 97 days")
    assert kept() == by_contract
    lakehouse.must_maintain(EVENTS)
    assert "SET TBLPROPERTIES" not in _operations(lakehouse)
    lakehouse.age(EVENTS, days=450)
    lakehouse.must_maintain(EVENTS, needed_version=version)
    assert kept() == ("interval 452 days", "interval 541 days")
    lakehouse.must_maintain(EVENTS)
    assert kept() == by_contract


def test_what_was_staged_for_the_warehouse_goes_after_a_day(lakehouse: Lakehouse) -> None:
    lakehouse.must_build("gold.dim_city", *DAY)
    assert lakehouse.must_maintain("gold.dim_city")["stagedFilesDeleted"] == 0
    staged = lakehouse.staged("gold.dim_city")
    assert staged
    lakehouse.age("gold.dim_city", days=2)
    assert lakehouse.must_maintain("gold.dim_city")["stagedFilesDeleted"] == len(staged)
    assert lakehouse.staged("gold.dim_city") == []


def test_a_maintenance_that_another_writer_came_before_ends_as_a_conflict(
    lakehouse: Lakehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose(*_: object) -> int:
        raise ConcurrentDeleteReadException("a file was removed", "", None)

    _publish(lakehouse, "a")
    monkeypatch.setattr(maintenance, "_optimize", lose)
    error = lakehouse.maintain(EVENTS)["error"]
    assert (error["kind"], "ConcurrentDeleteReadException" in error["message"]) == ("CONFLICT", True)


def test_a_product_without_a_table_has_nothing_to_maintain(lakehouse: Lakehouse) -> None:
    assert lakehouse.must_maintain("silver.trips")["version"] is None
    assert "no product" in lakehouse.maintain("silver.tirps")["error"]["message"]
