"""The audit of what is staged: which intervals may be published, with what quality, and how new their events are."""

from collections.abc import Mapping
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from tideline_jobs.engine.builds import Build
from tideline_jobs.engine.quality import count_duplicates, halting, measures, rules_of, together, verdict
from tideline_jobs.engine.rows import WHOLE_TABLE, interval_key
from tideline_jobs.model.errors import BuildError
from tideline_jobs.model.results import HeldBack, IntervalCounts


def audit(build: Build, staged: DataFrame, rows_in: Column) -> None:
    """Measures the staged rows, puts counts and verdicts of the intervals into the report."""
    event_time = build.contract.event_column
    counted = staged.groupBy(interval_key(build.contract).alias("key")).agg(
        rows_in.cast("bigint").alias("rows_in"),
        *measures(rules_of(build.contract), F.lit(True)),
        *([newest(F.col(event_time))] if event_time else []),
    )
    by_key = {row["key"]: row.asDict() for row in counted.collect()}
    foreign = sorted(str(key) for key in by_key.keys() - {*build.keys, WHOLE_TABLE})
    if foreign:
        raise BuildError("INTERNAL", f"{build.request.product}: rows of intervals not asked for: {', '.join(foreign)}")
    if event_time:
        record_newest_events(build, by_key)
    record_verdicts(build, build.keys if build.contract.interval_column else [WHOLE_TABLE], by_key, staged)
    held_back = {held.interval for held in build.report.held_back}
    for key in build.keys:
        row = by_key.get(WHOLE_TABLE) or by_key.get(key)
        counts = IntervalCounts(key, row["rows_in"], row["rows"]) if row else IntervalCounts(key, 0, 0)
        if held_back.isdisjoint({key, WHOLE_TABLE}):
            build.report.intervals.append(counts)
    require_publishable(build)


def record_verdicts(build: Build, keys: list[str], counted: Mapping[str, Mapping[str, Any]], staged: DataFrame) -> None:
    """
    Puts into the report which of the intervals may not be published and why, and the quality of the others, or of all
    where none may. `counted` are the `measures` of each interval that has rows.
    """
    rules, report = rules_of(build.contract), build.report
    repeated = {
        number: count_duplicates(staged, interval_key(build.contract), rule.keys)
        for number, rule in enumerate(rules)
        if rule.metric == "duplicateValues"
    }
    verdicts = {
        key: verdict(rules, counted.get(key, {}), {number: found.get(key, 0) for number, found in repeated.items()})
        for key in keys
    }
    reasons = {key: halting(rules, quality) for key, quality in verdicts.items()}
    report.held_back = [HeldBack(key, reason) for key, reason in reasons.items() if reason]
    good = [quality for key, quality in verdicts.items() if not reasons[key]]
    report.quality = together(good or list(verdicts.values()))


def require_publishable(build: Build) -> None:
    """QUALITY_FAILED when all that was asked for is held back."""
    if build.report.held_back and not build.report.intervals:
        told = "; ".join(f"{held.interval}: {held.reason}" for held in build.report.held_back)
        raise BuildError("QUALITY_FAILED", f"{build.request.product}: nothing can be published: {told}")


def newest(time: Column) -> Column:
    """Aggregates a timestamp column into its last instant, as a result tells it."""
    return F.date_format(F.max(time), "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'").alias("newest_event")


def record_newest_events(build: Build, counted: Mapping[str, Mapping[str, Any]]) -> None:
    """Puts into the report the `newest` event of each interval that has one."""
    build.report.newest_events |= {key: row["newest_event"] for key, row in counted.items() if row["newest_event"]}
