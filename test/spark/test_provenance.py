"""How rows of bronze came to be: told of each, and no reason to publish it again."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

import pytest

from events import event
from lakehouse import Lakehouse
from tideline_jobs.model import contracts
from tideline_jobs.model.contracts import DATA_SOURCE, PROCESSED_ON

EVENTS, QUARANTINE = "bronze.events", "bronze.events_quarantine"
TEN, ELEVEN, TWELVE = ("2025-01-18T10", "2025-01-18T11", "2025-01-18T12")
AFTER = {TEN: ELEVEN, ELEVEN: TWELVE, TWELVE: "2025-01-18T13"}
SHARED = event("shared", "trip_requested", "2025-01-18T09:59:00.000Z")


def _requested(event_id: str) -> dict[str, Any]:
    return event(event_id, "trip_requested", "2025-01-18T09:59:30.000Z")


@contextmanager
def _earlier_release(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Contracts of before the source and the date were told."""
    known = dict(contracts.all_contracts())
    for product in (EVENTS, QUARANTINE):
        document = deepcopy(known[product].document)
        [table] = document["schema"]
        table["properties"] = [
            column for column in table["properties"] if column["name"] not in (DATA_SOURCE, PROCESSED_ON)
        ]
        known[product] = contracts._contract(document)
    with monkeypatch.context() as earlier:
        earlier.setattr(contracts, "all_contracts", lambda: known)
        yield


def _told(lakehouse: Lakehouse, product: str, name: str) -> dict[str, tuple[str | None, bool | None]]:
    """By row, its source, and whether its date is that of its processing time."""
    right = "processing_date = to_date(processing_timestamp) AS right"
    rows = lakehouse.table(product).selectExpr(name, DATA_SOURCE, right).collect()
    return {row[name]: (row[DATA_SOURCE], row["right"]) for row in rows}


def test_every_line_says_what_it_came_through_and_on_which_date_it_was_built(lakehouse: Lakehouse) -> None:
    lakehouse.land(TEN, [_requested("a"), "broken"])
    # Few bytes: more of the hour may not be missing.
    lakehouse.land_bytes(TEN, b"no gzip", "torn")
    lakehouse.must_build(EVENTS, TEN, ELEVEN)
    told = _told(lakehouse, EVENTS, "event_id") | _told(lakehouse, QUARANTINE, "raw")
    assert told.keys() == {"a", "broken", "7 bytes"}
    assert {*told.values()} == {("kinesis_stream", True)}


def test_rows_of_an_earlier_release_are_equal_to_those_of_now_and_are_completed_when_they_are_written(
    lakehouse: Lakehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    lakehouse.land(TEN, [SHARED, _requested("a")])
    lakehouse.land(ELEVEN, [SHARED, _requested("b"), "broken"])
    lakehouse.land(TWELVE, [_requested("c")])
    with _earlier_release(monkeypatch):
        lakehouse.must_build(EVENTS, ELEVEN, AFTER[TWELVE])
    assert DATA_SOURCE not in lakehouse.table(EVENTS).columns
    versions = [lakehouse.versions(product) for product in (EVENTS, QUARANTINE)]
    again = lakehouse.must_build(EVENTS, ELEVEN, AFTER[TWELVE], rebuild=True)
    assert (again["status"], [counts["changed"] for counts in again["intervals"]]) == ("unchanged", [False, False])
    assert [lakehouse.versions(product) for product in (EVENTS, QUARANTINE)] == versions

    # Takes an event from the next hour, whose other rows are written again, and leaves the last hour as it is.
    lakehouse.must_build(EVENTS, TEN, AFTER[TEN])
    known = ("kinesis_stream", True)
    rows = {"shared": known, "a": known, "b": known, "c": (None, None)}
    assert _told(lakehouse, EVENTS, "event_id") == rows
    assert lakehouse.must_build(EVENTS, TWELVE, AFTER[TWELVE], rebuild=True)["status"] == "unchanged"

    lakehouse.land(TWELVE, [_requested("c"), _requested("d")])
    changed = lakehouse.must_build(EVENTS, TWELVE, AFTER[TWELVE])
    assert (changed["status"], _told(lakehouse, EVENTS, "event_id")) == ("published", rows | {"c": known, "d": known})
