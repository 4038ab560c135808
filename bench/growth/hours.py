"""Arrival hours of seeded trips, as gzipped lines below a raw prefix."""

import gzip
import json
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Any

TRIPS = 80
# Of one arrival hour, spread over so many dates, the last of them so many before its own.
LATE_EVENTS, LATE_DATES, LATE_DAYS = 30, 3, 3
_NAMES = ("trip_requested", "driver_assigned", "trip_started", "trip_completed", "payment_processed")
_CITIES = ("san_francisco", "new_york", "london")
_VEHICLES = ("economy", "xl", "black")


def _event(name: str, trip: str, at: datetime, rng: Random) -> dict[str, Any]:
    place = {"latitude": round(rng.uniform(37, 38), 5), "longitude": round(rng.uniform(-123, -122), 5)}
    payload: dict[str, Any] = {"trip_id": trip, "driver_id": f"drv_{trip[-4:]}", "rider_id": f"rid_{trip[-5:]}"}
    payload |= {"city_id": rng.choice(_CITIES), "vehicle_type": rng.choice(_VEHICLES), "surge_multiplier": 1.0}
    payload |= {"pickup_location": place, "dropoff_location": place, "estimated_fare": 20.5, "actual_fare": 21.0}
    payload["status"] = "COMPLETED" if name in _NAMES[-2:] else "ACTIVE"
    return {
        "event_name": name,
        "event_id": f"{name}-{trip}",
        "event_timestamp": at.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "schema_version": "v2.1",
        "app_version": "ios-4.5.2",
        "payload": payload,
    }


def _trips(hour: datetime, rng: Random) -> list[dict[str, Any]]:
    started = [hour + timedelta(seconds=rng.randrange(1800)) for _ in range(TRIPS)]
    return [
        _event(name, f"trip-{hour:%Y%m%d%H}-{number:05d}", at + timedelta(minutes=5 * step), rng)
        for number, at in enumerate(started)
        for step, name in enumerate(_NAMES)
    ]


def _late(hour: datetime, rng: Random) -> list[dict[str, Any]]:
    return [
        _event(
            "trip_started",
            f"late-{hour:%Y%m%d%H}-{number:05d}",
            hour - timedelta(days=LATE_DAYS + number % LATE_DATES, seconds=number),
            rng,
        )
        for number in range(LATE_EVENTS)
    ]


def land(raw: Path, day: date, late_hours: range) -> None:
    """Writes the 24 arrival hours of a date; events of an earlier date are in the late hours alone."""
    for number in range(24):
        hour = datetime.combine(day, time(number))
        rng = Random(f"{hour:%Y-%m-%dT%H}")
        events = _trips(hour, rng) + (_late(hour, rng) if number in late_hours else [])
        folder = raw / hour.strftime("year=%Y/month=%m/day=%d/hour=%H")
        folder.mkdir(parents=True, exist_ok=True)
        lines = "".join(f"{json.dumps(event)}\n" for event in events)
        (folder / "part-0.json.gz").write_bytes(gzip.compress(lines.encode()))
