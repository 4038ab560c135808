"""Raw files that cannot be read: what is published of their hour, and what is said of them."""

import gzip
import json
import random
from typing import Any

import pytest

from events import event
from lakehouse import Lakehouse
from tideline_jobs.kinds.raw_lines import stage

HOUR = ("2025-01-18T10", "2025-01-18T11")
NAME = "year=2025/month=01/day=18/hour=10/broken.json.gz"


def _lines(*event_ids: str) -> list[dict[str, Any]]:
    return [event(event_id, "trip_requested", "2025-01-18T10:00:00.000Z") for event_id in event_ids]


def _good_hour(lakehouse: Lakehouse) -> None:
    """An hour of several kilobytes that do not compress."""
    noise = random.Random(1).randbytes(8_000).hex()
    padded = [event(f"big{number}", "trip_requested", "2025-01-18T10:00:00.000Z", noise=noise) for number in range(2)]
    lakehouse.land(HOUR[0], _lines("a", "b"), [padded[0]], [padded[1], "broken"])


def _truncated(*event_ids: str) -> bytes:
    text = "".join(f"{json.dumps(line)}\n" for line in _lines(*event_ids))
    return gzip.compress(text.encode())[:-12]


BROKEN = {
    "truncated": _truncated(*[f"lost{number}" for number in range(9)]),
    "no gzip": b"this is no gzip",
    "header alone": gzip.compress(b"")[:10],
    "wrong checksum": gzip.compress(b"{}\n")[:-8] + bytes(8),
    "rubbish behind": gzip.compress(b"{}\n") + b"rubbish",
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN.keys())
def test_an_unreadable_file_is_one_row_of_the_quarantine_and_the_others_are_published(
    lakehouse: Lakehouse, content: bytes
) -> None:
    _good_hour(lakehouse)
    lakehouse.land_bytes(HOUR[0], content, "broken")
    result = lakehouse.must_build("bronze.events", *HOUR)
    [counts] = result["intervals"]
    assert (counts["rowsIn"], counts["rowsPublished"], counts["rowsQuarantined"]) == (6, 4, 2)
    assert NAME in result["message"]
    assert "\n" not in result["message"]
    published = sorted(row["event_id"] for row in lakehouse.rows("bronze.events"))
    assert published == ["a", "b", "big0", "big1"]
    [row] = [row for row in lakehouse.rows("bronze.events_quarantine") if row["reason"] == "UNREADABLE_FILE"]
    assert (row["file"], row["line"], row["raw"]) == (NAME, 1, f"{len(content)} bytes")
    assert row["arrival_hour"].hour == 10


def test_an_unreadable_file_of_more_than_a_twentieth_of_the_hour_holds_it_back_and_is_named(
    lakehouse: Lakehouse,
) -> None:
    lakehouse.land(HOUR[0], _lines("a"))
    lakehouse.must_build("bronze.events", *HOUR)
    lakehouse.land_bytes(HOUR[0], BROKEN["truncated"], "broken")
    error = lakehouse.build("bronze.events", *HOUR)["error"]
    assert error["kind"] == "QUALITY_FAILED"
    assert NAME in error["message"]
    assert "\n" not in error["message"]
    assert [row["event_id"] for row in lakehouse.rows("bronze.events")] == ["a"]


def test_a_corrected_file_is_read_at_the_next_build(lakehouse: Lakehouse) -> None:
    _good_hour(lakehouse)
    lakehouse.land_bytes(HOUR[0], BROKEN["truncated"], "broken")
    lakehouse.must_build("bronze.events", *HOUR)
    whole = "".join(f"{json.dumps(line)}\n" for line in _lines("corrected"))
    lakehouse.land_bytes(HOUR[0], gzip.compress(whole.encode()), "broken")
    result = lakehouse.must_build("bronze.events", *HOUR)
    assert (result["intervals"][0]["rowsPublished"], result["intervals"][0]["rowsQuarantined"]) == (5, 1)
    assert result["message"] is None
    assert [row["reason"] for row in lakehouse.rows("bronze.events_quarantine")] == ["UNPARSABLE"]


@pytest.mark.parametrize("content", [b"", gzip.compress(b"")], ids=["no byte", "no line"])
def test_a_file_without_content_holds_no_line(
    lakehouse: Lakehouse, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    monkeypatch.setattr(stage, "broken_files", lambda *_: pytest.fail("a healthy hour was looked through"))
    lakehouse.land(HOUR[0], _lines("a"))
    lakehouse.land_bytes(HOUR[0], content, "empty")
    [counts] = lakehouse.must_build("bronze.events", *HOUR)["intervals"]
    assert (counts["rowsIn"], counts["rowsPublished"], counts["rowsQuarantined"]) == (1, 1, 0)
    assert lakehouse.rows("bronze.events_quarantine") == []


def test_a_failure_that_is_not_the_fault_of_a_file_is_told_as_it_is_on_one_line(
    lakehouse: Lakehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage, "_is_whole", lambda *_: pytest.fail("every file can be read"))
    lakehouse.land(HOUR[0], _lines("a"))
    error = lakehouse.build("bronze.events", *HOUR, earliest_event="no date")["error"]
    assert error["kind"] == "INTERNAL"
    assert "\n" not in error["message"]
    assert "\tat " not in error["message"]
