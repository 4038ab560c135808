"""Interval keys (`2025-01-18T03`, `2025-01-18`) and their arithmetic, in UTC."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Literal

from pyspark.sql import Column
from pyspark.sql import functions as F

from tideline_jobs.model.errors import BuildError

Grain = Literal["hour", "date"]

_KEY_FORMAT: dict[Grain, str] = {"hour": "%Y-%m-%dT%H", "date": "%Y-%m-%d"}
_SPARK_FORMAT: dict[Grain, str] = {"hour": "yyyy-MM-dd'T'HH", "date": "yyyy-MM-dd"}
_STEP: dict[Grain, timedelta] = {"hour": timedelta(hours=1), "date": timedelta(days=1)}


def parse_key(grain: Grain, key: str) -> datetime:
    """The instant at which the interval starts; a BAD_INPUT BuildError when `key` is none of this grain."""
    try:
        start = datetime.strptime(key, _KEY_FORMAT[grain]).replace(tzinfo=UTC)
    except ValueError:
        start = None
    if start is None or format_key(grain, start) != key:
        example = "2025-01-18T03" if grain == "hour" else "2025-01-18"
        raise BuildError("BAD_INPUT", f'"{key}" is no {grain}: write it like {example} (UTC)')
    return start


def format_key(grain: Grain, start: datetime) -> str:
    return start.strftime(_KEY_FORMAT[grain])


def keys_between(grain: Grain, start: str, end: str) -> list[str]:
    """Keys of the half-open run [start, end); a BAD_INPUT BuildError when it is empty."""

    def walk() -> Iterator[str]:
        at, stop = parse_key(grain, start), parse_key(grain, end)
        while at < stop:
            yield format_key(grain, at)
            at += _STEP[grain]

    keys = list(walk())
    if not keys:
        raise BuildError("BAD_INPUT", f'the run is empty: its end "{end}" must lie after its start "{start}"')
    return keys


def shift_key(grain: Grain, key: str, steps: int) -> str:
    return format_key(grain, parse_key(grain, key) + steps * _STEP[grain])


def key_of(grain: Grain, column: Column) -> Column:
    """The interval key of a date or timestamp column."""
    return F.date_format(column, _SPARK_FORMAT[grain])


def sql_literal(grain: Grain, key: str) -> str:
    """The interval's start as a literal that Delta can compare with a column."""
    start = parse_key(grain, key)
    return f"TIMESTAMP '{start:%Y-%m-%d %H:%M:%S}'" if grain == "hour" else f"DATE '{start:%Y-%m-%d}'"
