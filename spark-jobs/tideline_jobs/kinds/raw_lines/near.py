"""The published rows that a build of bronze has to look at: those that can be twins of what it has staged."""

from collections.abc import Iterator
from itertools import pairwise

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from tideline_jobs.kinds.raw_lines.staged import StagedHours
from tideline_jobs.model.intervals import shift_key, sql_literal

# Events that are older than their arrival hour by more hours are few: their exact times are looked for.
_RECENT_HOURS = 1


def near(table: DataFrame, staged: StagedHours) -> DataFrame:
    """
    The rows of the table that may be twins of staged ones: a twin has the very same time. Files without one of the
    staged hours of event time are not opened, whatever lies between those hours.
    """
    recent_from = shift_key("hour", staged.keys[0], -_RECENT_HOURS)
    recent = table.where(_in_hours([hour for hour in staged.event_hours if hour >= recent_from]))
    late_hours = [hour for hour in staged.event_hours if hour < recent_from]
    if not late_hours:
        return recent
    is_late = F.expr(f"event_timestamp < {sql_literal('hour', recent_from)}")
    times = staged.valid.where(is_late).select("event_timestamp").distinct()
    late = table.where(_in_hours(late_hours)).join(F.broadcast(times), "event_timestamp", "left_semi")
    return recent.unionByName(late)


def _in_hours(hours: list[str]) -> str:
    """SQL for the rows of these hours of event time, in as few spans as there are; dates are partitions."""
    if not hours:
        return "false"
    days = ", ".join(sorted({sql_literal("date", hour[:10]) for hour in hours}))
    spans = " OR ".join(
        f"event_timestamp >= {sql_literal('hour', first)} AND event_timestamp < {sql_literal('hour', end)}"
        for first, end in _spans(hours)
    )
    return f"event_date IN ({days}) AND ({spans})"


def _spans(hours: list[str]) -> Iterator[tuple[str, str]]:
    """Half-open spans of hours that follow each other."""
    first = hours[0]
    for hour, following in pairwise([*hours, ""]):
        end = shift_key("hour", hour, 1)
        if following != end:
            yield first, end
            first = following
