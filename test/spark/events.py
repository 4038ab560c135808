"""Events for the tests, complete unless a field is given otherwise."""

from typing import Any


def event(event_id: str, name: str, at: str, **payload: Any) -> dict[str, Any]:
    """An event of `trip_1` unless the payload says another trip; `at` is an ISO time."""
    return {
        "event_name": name,
        "event_id": event_id,
        "event_timestamp": at,
        "schema_version": "v2.1",
        "app_version": "ios-4.5.2",
        "payload": {"trip_id": "trip_1", **payload},
    }


def place(latitude: float, longitude: float) -> dict[str, Any]:
    return {"latitude": latitude, "longitude": longitude, "address": "1 Main St"}
