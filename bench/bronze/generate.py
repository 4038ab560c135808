"""Writes one hour of seeded ride events, gzipped, below a raw prefix."""

import gzip
import json
import random
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

NAMES = (
    "trip_requested",
    "driver_assigned",
    "driver_arrived",
    "trip_started",
    "trip_completed",
    "payment_processed",
)
CITIES = ("san_francisco", "new_york", "london", "berlin", "sao_paulo")
VEHICLES = ("economy", "xl", "black", "yellow_taxi", "green_taxi")
DUPLICATE_SHARE = 0.03
# What an event needs without its telemetry, and what a point of that takes: fields that no column keeps.
BARE_BYTES = 770
POINT_BYTES = 101


def _point(rng: random.Random, at: datetime, second: int) -> dict[str, Any]:
    return {
        "at_ms": int(at.timestamp() * 1000) + 1000 * second,
        "latitude": round(rng.uniform(37, 38), 6),
        "longitude": round(rng.uniform(-123, -122), 6),
        "speed_kmh": round(rng.uniform(0, 70), 1),
        "accuracy_m": rng.randrange(40),
    }


def _event(rng: random.Random, number: int, hour: datetime, event_bytes: int) -> str:
    points = max(0, event_bytes - BARE_BYTES) // POINT_BYTES
    at = hour + timedelta(milliseconds=rng.randrange(3_600_000))
    trip = f"trip_{rng.getrandbits(48):012x}"
    event = {
        "event_name": NAMES[number % len(NAMES)],
        "event_id": f"evt_{number:08d}_{rng.getrandbits(64):016x}",
        "event_timestamp": at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z",
        "schema_version": "v2.1",
        "app_version": f"ios-4.{rng.randrange(20)}.{rng.randrange(10)}",
        "payload": {
            "trip_id": trip,
            "driver_id": f"drv_{rng.randrange(100_000):06d}",
            "rider_id": f"rid_{rng.randrange(1_000_000):07d}",
            "city_id": rng.choice(CITIES),
            "geo_zone": f"zone_{rng.randrange(60)}",
            "pickup_location": {
                "latitude": round(rng.uniform(37, 38), 6),
                "longitude": round(rng.uniform(-123, -122), 6),
                "address": f"{rng.randrange(9999)} Market St",
            },
            "dropoff_location": {
                "latitude": round(rng.uniform(37, 38), 6),
                "longitude": round(rng.uniform(-123, -122), 6),
                "address": f'{rng.randrange(9999)} Mission St, door "B"',
            },
            "estimated_fare": round(rng.uniform(5, 90), 2),
            "actual_fare": round(rng.uniform(5, 90), 2),
            "surge_multiplier": rng.choice((1.0, 1.5, 2.0, 2.5)),
            "vehicle_type": rng.choice(VEHICLES),
            "status": "ACTIVE",
            "rating": rng.randrange(1, 6),
            "device": {
                "model": f"phone-{rng.randrange(40)}",
                "os": rng.choice(("ios", "android")),
                "battery_pct": rng.randrange(101),
                "network": rng.choice(("wifi", "4g", "5g")),
                "signal_dbm": -rng.randrange(50, 120),
                "locale": "en-US",
                "free_memory_mb": rng.randrange(4_000),
            },
            "track": [_point(rng, at, second) for second in range(points)],
        },
    }
    return json.dumps(event, separators=(",", ":"))


def _write_file(path: Path, numbers: range, hour: datetime, event_bytes: int) -> int:
    rng = random.Random(f"{path.name} 20250118")
    size = 0
    lines: list[str] = []
    with gzip.open(path, "wt", compresslevel=4, encoding="utf-8") as out:
        for number in numbers:
            duplicate = lines and rng.random() < DUPLICATE_SHARE
            line = rng.choice(lines) if duplicate else _event(rng, number, hour, event_bytes)
            if len(lines) < 1000 and not duplicate:
                lines.append(line)
            out.write(line + "\n")
            size += len(line) + 1
    return size


def generate(raw: Path, hour: datetime, events: int, files: int, event_bytes: int) -> int:
    """Writes `events` lines of about `event_bytes` for the arrival hour; returns their uncompressed size in bytes."""
    folder = raw / hour.strftime("year=%Y/month=%m/day=%d/hour=%H")
    folder.mkdir(parents=True, exist_ok=True)
    numbers = [range(events * file // files, events * (file + 1) // files) for file in range(files)]
    with ProcessPoolExecutor() as pool:
        writing = [
            pool.submit(_write_file, folder / f"part-{file:03d}.json.gz", numbers[file], hour, event_bytes)
            for file in range(files)
        ]
        return sum(done.result() for done in writing)


BENCH_HOUR = datetime(2025, 1, 18, 10, tzinfo=UTC)
