"""Copies of an event: which one stays, whatever order and whatever run the hours are built in, and what it costs."""

from typing import Any

import pytest
from pyspark.sql import DataFrame

from events import event
from lakehouse import Lakehouse, Line
from tideline_jobs.engine.builds import Build
from tideline_jobs.kinds.raw_lines import deduplication, publish
from tideline_jobs.tables.delta import Table

EVENTS = "bronze.events"
TEN, ELEVEN, TWELVE = ("2025-01-18T10", "2025-01-18T11", "2025-01-18T12")
AFTER = {TEN: ELEVEN, ELEVEN: TWELVE, TWELVE: "2025-01-18T13"}


def _requested(event_id: str, at: str = "2025-01-18T09:59:00.000Z") -> dict[str, Any]:
    return event(event_id, "trip_requested", at)


def _build(lakehouse: Lakehouse, hour: str) -> dict[str, Any]:
    [counts] = lakehouse.must_build(EVENTS, hour, AFTER[hour])["intervals"]
    return dict(counts)


def _rows(lakehouse: Lakehouse) -> list[tuple[str, str, int]]:
    rows = lakehouse.table(EVENTS).selectExpr(
        "event_id", "date_format(event_timestamp, 'HH:mm') t", "hour(arrival_hour) h"
    )
    return sorted(tuple(row) for row in rows.collect())


@pytest.mark.parametrize(
    "runs", [[(TEN, ELEVEN), (ELEVEN, TWELVE)], [(ELEVEN, TWELVE), (TEN, ELEVEN)], [(TEN, TWELVE)]],
    ids=["one by one", "later first", "together"],
)  # fmt: skip
def test_an_id_with_another_time_is_another_event_however_hours_are_grouped(
    lakehouse: Lakehouse, runs: list[tuple[str, str]]
) -> None:
    first, stamped_anew = _requested("e", "2025-01-18T09:59:00.000Z"), _requested("e", "2025-01-18T10:30:00.000Z")
    lakehouse.land(TEN, [first])
    lakehouse.land(ELEVEN, [stamped_anew, first, stamped_anew])
    for run in runs:
        lakehouse.must_build(EVENTS, *run)
    assert _rows(lakehouse) == [("e", "09:59", 10), ("e", "10:30", 11)]
    result = lakehouse.must_build(EVENTS, ELEVEN, TWELVE, rebuild=True)
    assert result["intervals"][0]["rowsDuplicate"] == 2
    [found] = [check for check in result["quality"]["checks"] if check["name"] == "restampedIds"]
    assert (found["column"], found["failedRows"], found["totalRows"]) == ("event_id", 3, 3)


def test_late_events_open_only_files_that_may_hold_their_twins(
    lakehouse: Lakehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    hours = ["2025-01-15T10", "2025-01-15T14", "2025-01-16T10", "2025-01-17T10", "2025-01-17T12"]
    for hour in hours:
        lakehouse.land(hour, [_requested(f"{hour}-{minute}", f"{hour}:{minute}:00.000Z") for minute in (10, 20, 30)])
        lakehouse.must_build(EVENTS, hour, f"{hour[:-2]}{int(hour[-2:]) + 1}")
    late = [_requested("2025-01-15T10-20", "2025-01-15T10:20:00.000Z"), _requested("new", "2025-01-17T12:40:00.000Z")]
    lakehouse.land(TEN, [_requested("now", "2025-01-18T10:00:00.000Z"), *late])
    opened: list[str] = []
    compared: list[int] = []
    original = deduplication.compare

    def compare(staged: DataFrame, published: DataFrame | None) -> DataFrame:
        assert published is not None
        of_table = (file for file in published.inputFiles() if "event_date=" in file)
        opened.extend(sorted(file.rsplit("event_date=", 1)[1].split("/", maxsplit=1)[0] for file in of_table))
        compared.append(published.count())
        return original(staged, published)

    monkeypatch.setattr(deduplication, "compare", compare)
    assert _build(lakehouse, TEN)["rowsDuplicate"] == 1
    # Of two files each; and of their six rows the one of a time that has been staged.
    assert (opened, compared) == (["2025-01-15", "2025-01-17"], [1])


@pytest.mark.parametrize(
    ("order", "instead"),
    [((TEN, ELEVEN, TWELVE), []), ((TWELVE, ELEVEN, TEN), [{**_requested("e"), "event_name": None}])],
    ids=["gone", "rejected"],
)
def test_an_event_that_leaves_an_hour_comes_back_from_the_next_that_has_it(
    lakehouse: Lakehouse, order: tuple[str, ...], instead: list[Line]
) -> None:
    lakehouse.land(TEN, [_requested("e"), _requested("a")])
    lakehouse.land(ELEVEN, [_requested("e"), _requested("b")])
    lakehouse.land(TWELVE, [_requested("e"), _requested("e"), "broken"])
    for hour in order:
        _build(lakehouse, hour)
    assert [row for row in _rows(lakehouse) if row[0] == "e"] == [("e", "09:59", 10)]
    lakehouse.land(TEN, [_requested("a"), *instead])
    _build(lakehouse, TEN)
    assert _rows(lakehouse) == [("a", "09:59", 10), ("b", "09:59", 11), ("e", "09:59", 11)]
    assert _build(lakehouse, ELEVEN)["rowsPublished"] == 2
    lakehouse.land(ELEVEN, [_requested("b")])
    _build(lakehouse, ELEVEN)
    plain = lakehouse.beside("plain")
    plain.must_build(EVENTS, TEN, AFTER[TWELVE])
    assert _rows(lakehouse) == [("a", "09:59", 10), ("b", "09:59", 11), ("e", "09:59", 12)]
    for product in (EVENTS, "bronze.events_quarantine"):
        assert lakehouse.rows(product) == plain.rows(product)
    assert _build(lakehouse, TWELVE)["rowsPublished"] == 1


def test_an_hour_built_again_commits_nothing_though_its_copies_were_told_of_another_first(lakehouse: Lakehouse) -> None:
    for hour in (TEN, ELEVEN, TWELVE):
        lakehouse.land(hour, [_requested("e"), _requested(hour)])
    for hour in (ELEVEN, TWELVE, TEN):
        _build(lakehouse, hour)
    before = lakehouse.versions(EVENTS)
    result = lakehouse.must_build(EVENTS, TWELVE, AFTER[TWELVE], rebuild=True)
    assert (result["status"], lakehouse.versions(EVENTS)) == ("unchanged", before)


def _raw_in_quarantine(lakehouse: Lakehouse) -> list[str]:
    return sorted(row["raw"] for row in lakehouse.rows("bronze.events_quarantine"))


def test_lines_that_land_between_two_tries_of_a_build_are_in_quarantine(
    lakehouse: Lakehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = Table.commit

    def die(self: Table, *arguments: Any) -> int | None:
        if self.contract.product == EVENTS:
            raise RuntimeError("the driver is lost")
        return original(self, *arguments)

    lakehouse.land(TEN, ["first", _requested("a")])
    with monkeypatch.context() as dying:
        dying.setattr(Table, "commit", die)
        assert lakehouse.build(EVENTS, TEN, ELEVEN, build_id="same")["error"]["kind"] == "INTERNAL"
    assert _raw_in_quarantine(lakehouse) == ["first"]
    lakehouse.land(TEN, ["first", _requested("a")], ["straggler"])
    [counts] = lakehouse.must_build(EVENTS, TEN, ELEVEN, build_id="same")["intervals"]
    assert (counts["rowsIn"], counts["rowsQuarantined"]) == (3, 2)
    assert _raw_in_quarantine(lakehouse) == ["first", "straggler"]


def test_a_build_that_loses_a_race_puts_its_own_lines_into_quarantine_again(
    lakehouse: Lakehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = Table.commit

    def commit_after_a_rival(self: Table, *arguments: Any) -> int | None:
        if self.contract.product == EVENTS:
            monkeypatch.setattr(Table, "commit", original)
            lakehouse.land(TEN, ["first", _requested("a")], [])
            _build(lakehouse, TEN)
        return original(self, *arguments)

    monkeypatch.setattr(Table, "commit", commit_after_a_rival)
    lakehouse.land(TEN, ["first", _requested("a")], ["straggler", _requested("b")])
    _build(lakehouse, TEN)
    assert [row[0] for row in _rows(lakehouse)] == ["a", "b"]
    assert _raw_in_quarantine(lakehouse) == ["first", "straggler"]


def test_a_build_whose_claim_was_taken_over_leaves_the_newer_ones_lines_in_quarantine(
    lakehouse: Lakehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the worst moment: the events' log has been looked at, the older build's lines are about to be committed."""
    original = publish.quarantine_of

    def after_a_newer_build(build: Build) -> Table:
        monkeypatch.setattr(publish, "quarantine_of", original)
        lakehouse.land(TEN, ["first", _requested("a")], ["straggler"])
        lakehouse.must_build(EVENTS, TEN, TWELVE, generation=2)
        return original(build)

    monkeypatch.setattr(publish, "quarantine_of", after_a_newer_build)
    lakehouse.land(TEN, ["first", _requested("a")])
    older = lakehouse.build(EVENTS, "2025-01-18T09", ELEVEN)
    assert older["error"]["kind"] == "CONFLICT"
    assert "of a higher generation put lines there" in older["error"]["message"]
    assert _raw_in_quarantine(lakehouse) == ["first", "straggler"]
