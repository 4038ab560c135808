"""The time of the newest event of each interval, which the watch of freshness compares with the clock."""

from events import event
from lakehouse import Lakehouse


def test_an_hour_tells_its_newest_event_also_when_it_is_not_read_again(lakehouse: Lakehouse) -> None:
    lakehouse.land("2025-01-18T10", [event("a", "trip_requested", at) for at in _times("10:20:00", "10:59:59")])
    # One clock is ahead, and one line is no event.
    lakehouse.land(
        "2025-01-18T11",
        [
            event("b", "trip_requested", "2025-01-18T12:30:00.000Z"),
            event("c", "trip_requested", "2031-01-01T00:00:00Z"),
        ],
    )
    lakehouse.land("2025-01-18T12", ["not json"])
    run = ("2025-01-18T10", "2025-01-18T14")
    newest = {"2025-01-18T10": "2025-01-18T10:59:59.000Z", "2025-01-18T11": "2025-01-18T12:00:00.000Z"}
    first = lakehouse.must_build("bronze.events", *run)
    assert first["newestEvents"] == newest
    again = lakehouse.must_build("bronze.events", *run, generation=2)
    assert (again["status"], again["newestEvents"]) == ("unchanged", newest)


def _times(*times: str) -> list[str]:
    return [f"2025-01-18T{time}.000Z" for time in times]
