"""Publishing bronze: the quarantine first, then the events, settled with what other hours have published."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from tideline_jobs.bronze_dedup import losers, without
from tideline_jobs.bronze_staged import StagedHours
from tideline_jobs.builds import Build
from tideline_jobs.contracts import contract_of
from tideline_jobs.errors import BuildError
from tideline_jobs.history import Head
from tideline_jobs.intervals import key_of, sql_literal
from tideline_jobs.publish import (
    changed_keys,
    empty_keys,
    mark_changed,
    published_rows,
    refuse_if_restored,
    rows_of,
    settle_early,
)
from tideline_jobs.results import IntervalCounts
from tideline_jobs.tables import Table, until_committed

QUARANTINE = "bronze.events_quarantine"


@dataclass(frozen=True)
class _Settlement:
    """How the staged rows stand beside the published rows of other hours."""

    staged: StagedHours
    rows: DataFrame
    duplicates: dict[str, int]
    stripped: DataFrame | None = None
    """Rows of later hours that stay, in the partitions where others of them lose; None when none lose."""
    stripped_predicate: str = "false"
    stripped_hours: tuple[str, ...] = ()


def publish_quarantine(build: Build, staged: StagedHours) -> list[str]:
    """Replaces what the staged hours hold in quarantine; the hours in which that made a difference."""
    contract, request = contract_of(QUARANTINE), build.request
    table = Table(build.spark, contract, request.lake)
    table.ensure()
    rejected = contract.conform(staged.rejected.withColumn("arrival_date", F.to_date("arrival_hour")))
    changed: list[str] = []

    def attempt(head: Head) -> int | None:
        newer = head.newer_build(request.start, request.end, request.generation, head.version)
        if newer or head.find_build(request.build_id, request.generation):
            return head.version
        refuse_if_restored(build, head)
        published = published_rows(table, head, staged.keys)
        changed[:] = changed_keys(rejected, staged.counts("quarantined"), published, contract)
        if not changed:
            return head.version
        predicate = rows_of(contract, changed)
        # Lines of hours that are held back are published here.
        metadata: dict[str, Any] = {**build.commit_metadata(), "product": QUARANTINE, "heldBack": []}
        replaces = None if published is None else predicate
        return table.commit(rejected.where(predicate), replaces, head, metadata)

    until_committed(table, table.head(), attempt)
    return changed


@contextmanager
def _settled(build: Build, staged: StagedHours, table: DataFrame | None) -> Iterator[_Settlement]:
    """Compares with the published rows of other hours, in the event dates and times of the staged rows alone."""
    duplicates = dict.fromkeys(staged.keys, 0)
    if staged.span is None:
        yield _Settlement(staged, staged.valid, duplicates)
        return
    others = None
    if table is not None:
        first, last = (F.lit(moment) for moment in staged.span)
        near = F.col("event_date").isin(staged.dates) & F.col("event_timestamp").between(first, last)
        others = table.where(f"NOT ({rows_of(build.contract, staged.keys)})").where(near)
    lost = losers(staged.valid, others).persist()
    try:
        hour, is_staged = key_of("hour", F.col("arrival_hour")).alias("hour"), F.col("file").isNotNull().alias("staged")
        places = lost.groupBy(is_staged, hour, F.col("event_date").cast("string").alias("day")).count().collect()
        beaten = [place for place in places if place["staged"]]
        overtaken = [place for place in places if not place["staged"]]
        for place in beaten:
            duplicates[place["hour"]] += place["count"]
        rows = without(staged.valid, lost.where("file IS NOT NULL")) if beaten else staged.valid
        if table is None or not overtaken:
            yield _Settlement(staged, rows, duplicates)
            return
        hours = sorted({place["hour"] for place in overtaken})
        days = ", ".join(sorted({sql_literal("date", place["day"]) for place in overtaken}))
        touched = f"{rows_of(build.contract, hours)} AND event_date IN ({days})"
        gone = lost.where("file IS NULL").select("event_id")
        stripped = table.where(touched).join(gone, "event_id", "left_anti")
        yield _Settlement(staged, rows, duplicates, stripped, touched, tuple(hours))
    finally:
        lost.unpersist()


def _count(build: Build, staged: StagedHours, duplicates: dict[str, int]) -> None:
    """Fills in the report's counts; CONSERVATION_BROKEN unless every line read is in exactly one of them."""
    valid, quarantined = staged.counts("valid"), staged.counts("quarantined")
    kept = [counts for counts in build.report.intervals if counts.interval not in staged.read]
    built = [
        IntervalCounts(key, staged.read[key], valid[key] - duplicates[key], duplicates[key], quarantined[key])
        for key in staged.keys
    ]
    build.report.intervals = sorted([*kept, *built], key=lambda counts: counts.interval)
    for counts in built:
        known = valid[counts.interval] + counts.rows_quarantined
        if counts.rows_in != known or counts.rows_published < 0:
            raise BuildError(
                "CONSERVATION_BROKEN",
                f"{counts.interval}: {counts.rows_in} lines read, but {counts.rows_published} published"
                f" + {counts.rows_duplicate} duplicates + {counts.rows_quarantined} quarantined = {known}",
            )


def publish_events(build: Build, table: Table, first: Head, staged: StagedHours, requarantined: list[str]) -> None:
    """One commit: what the staged hours contribute, and later hours without events that arrived here before them."""

    def attempt(head: Head) -> int | None:
        if settle_early(build, head):
            return build.report.output_version
        with _settled(build, staged, table.read(head.version) if head.has_builds else None) as settlement:
            _count(build, staged, settlement.duplicates)
            return _commit(build, table, head, settlement, requarantined)

    build.report.output_version = until_committed(table, first, attempt)


def _commit(build: Build, table: Table, head: Head, settlement: _Settlement, requarantined: list[str]) -> int | None:
    contract, staged = build.contract, settlement.staged
    before = published_rows(table, head, staged.keys)
    new = contract.conform(settlement.rows)
    counts = {each.interval: each.rows_published for each in build.report.intervals if each.interval in staged.read}
    changed = changed_keys(new, counts, before, contract)
    mark_changed(build, [*changed, *requarantined])
    written = [*changed, *empty_keys(build, head, changed)]
    if not written and settlement.stripped is None:
        build.report.status = "published" if requarantined else "unchanged"
        return head.version
    build.report.status = "published"
    predicate = rows_of(contract, written)
    rows, replaces = new.where(predicate), None if before is None else predicate
    if settlement.stripped is not None:
        rows = rows.unionByName(contract.conform(settlement.stripped))
        replaces = f"({predicate}) OR ({settlement.stripped_predicate})"
    metadata = {**build.commit_metadata(), "rewrittenIntervals": settlement.stripped_hours}
    return table.commit(rows, replaces, head, metadata)
