"""Publishing bronze: the quarantine first, then the events, settled with what other hours have published."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from tideline_jobs.bronze_dedup import contest, without
from tideline_jobs.builds import Build
from tideline_jobs.contracts import contract_of
from tideline_jobs.errors import BuildError
from tideline_jobs.intervals import key_of, sql_literal
from tideline_jobs.publish import changed_keys, empty_keys, mark_changed, rows_between, rows_of, settle_early
from tideline_jobs.results import IntervalCounts
from tideline_jobs.tables import Head, Table, until_committed

QUARANTINE = "bronze.events_quarantine"


@dataclass(frozen=True)
class BronzeRows:
    """The staged rows of a build: `winners` are valid and once in it. Counts are by hour."""

    winners: DataFrame
    rejected: DataFrame
    read: dict[str, int]
    valid: dict[str, int]
    twins: dict[str, int]
    quarantined: dict[str, int]
    span: tuple[datetime, datetime] | None
    dates: list[date]


@dataclass(frozen=True)
class _Settlement:
    """How the build's rows stand beside the published rows of other hours."""

    rows: DataFrame
    duplicates: dict[str, int]
    rewritten: DataFrame | None = None
    """Rows of later hours that stay, in the partitions where others of them lose; None when none lose."""
    rewrite_predicate: str = "false"


def count_by_hour(frame: DataFrame) -> dict[str, int]:
    counted = frame.groupBy(key_of("hour", F.col("arrival_hour")).alias("key")).count()
    return {row["key"]: row["count"] for row in counted.collect()}


def publish_quarantine(build: Build, bronze: BronzeRows) -> list[str]:
    """Replaces what the run's hours hold in quarantine; the hours in which that made a difference."""
    contract, request = contract_of(QUARANTINE), build.request
    table = Table(build.spark, contract, request.lake)
    table.ensure()
    rejected = contract.conform(bronze.rejected.withColumn("arrival_date", F.to_date("arrival_hour")))
    within = rows_between(contract, request.start, request.end) or "true"
    changed: list[str] = []

    def attempt(head: Head) -> int | None:
        newer = head.newer_build(request.start, request.end, request.generation, head.version)
        if newer or head.find_build(request.build_id):
            return head.version
        published = table.read(head.version).where(within) if head.has_builds else None
        nothing_there = published is None or published.isEmpty()
        nothing_new = not any(bronze.quarantined.values())
        changed[:] = (
            [] if nothing_there and nothing_new else changed_keys(rejected, bronze.quarantined, published, contract)
        )
        if not changed:
            return head.version
        predicate = rows_of(contract, changed)
        metadata: dict[str, Any] = {**build.commit_metadata(), "product": QUARANTINE}
        return table.commit(rejected.where(predicate or "true"), predicate, head, metadata)

    until_committed(table, table.head(), attempt)
    return changed


@contextmanager
def _settled(build: Build, bronze: BronzeRows, table: DataFrame | None) -> Iterator[_Settlement]:
    """Compares with the published rows of other hours, in the event dates and times of the build alone."""
    inside = rows_between(build.contract, build.request.start, build.request.end) or "true"
    if bronze.span is None or table is None:
        yield _Settlement(bronze.winners, bronze.twins)
        return
    first, last = (F.lit(moment) for moment in bronze.span)
    others = table.where(f"NOT ({inside})").where(
        F.col("event_date").isin(bronze.dates) & F.col("event_timestamp").between(first, last)
    )
    if others.isEmpty():
        yield _Settlement(bronze.winners, bronze.twins)
        return
    fight = contest(bronze.winners, others)
    fight.pairs.persist()
    try:
        beaten = count_by_hour(fight.staged_losers)
        duplicates = {key: bronze.twins.get(key, 0) + beaten.get(key, 0) for key in build.keys}
        rows = without(bronze.winners, fight.staged_losers) if beaten else bronze.winners
        lost = fight.published_losers
        places = lost.select(key_of("hour", F.col("arrival_hour")).alias("hour"), F.col("event_date").cast("string"))
        overtaken = places.distinct().collect()
        if not overtaken:
            yield _Settlement(rows, duplicates)
            return
        hours = ", ".join(sorted({sql_literal("hour", row["hour"]) for row in overtaken}))
        days = ", ".join(sorted({sql_literal("date", row["event_date"]) for row in overtaken}))
        touched = f"arrival_hour IN ({hours}) AND event_date IN ({days})"
        staying = table.where(touched).join(lost.select("event_id"), "event_id", "left_anti")
        yield _Settlement(rows, duplicates, staying, touched)
    finally:
        fight.pairs.unpersist()


def _count(build: Build, bronze: BronzeRows, settlement: _Settlement) -> None:
    """Fills in the report's counts; CONSERVATION_BROKEN unless every line read is in exactly one of them."""
    any_duplicate = any(settlement.duplicates.values())
    published = count_by_hour(settlement.rows) if any_duplicate else bronze.valid
    build.report.intervals = [
        IntervalCounts(
            key,
            bronze.read[key],
            published.get(key, 0),
            settlement.duplicates.get(key, 0),
            bronze.quarantined.get(key, 0),
        )
        for key in build.keys
    ]
    for counts in build.report.intervals:
        kept = counts.rows_published + counts.rows_duplicate + counts.rows_quarantined
        if counts.rows_in != kept:
            raise BuildError(
                "CONSERVATION_BROKEN",
                f"{counts.interval}: {counts.rows_in} lines read, but {counts.rows_published} published"
                f" + {counts.rows_duplicate} duplicates + {counts.rows_quarantined} quarantined = {kept}",
            )


def _commit(build: Build, table: Table, head: Head, settlement: _Settlement, requarantined: list[str]) -> int | None:
    contract, request = build.contract, build.request
    within = rows_between(contract, request.start, request.end) or "true"
    before = table.read(head.version).where(within) if head.has_builds else None
    new = contract.conform(settlement.rows)
    counts = {each.interval: each.rows_published for each in build.report.intervals}
    changed = changed_keys(new, counts, before, contract)
    mark_changed(build, [*changed, *requarantined])
    written = [*changed, *empty_keys(build, head, changed)]
    if not written and settlement.rewritten is None:
        build.report.status = "published" if requarantined else "unchanged"
        return head.version
    build.report.status = "published"
    predicate = (rows_of(contract, written) if written else None) or "false"
    rows = new.where(predicate)
    if settlement.rewritten is not None:
        rows = rows.unionByName(contract.conform(settlement.rewritten))
        predicate = f"({predicate}) OR ({settlement.rewrite_predicate})"
    return table.commit(rows, predicate, head, build.commit_metadata())


def publish_events(build: Build, table: Table, first: Head, bronze: BronzeRows, requarantined: list[str]) -> None:
    """One commit: what the run's hours contribute, and later hours without the events that arrived here before them."""

    def attempt(head: Head) -> int | None:
        if settle_early(build, head):
            return build.report.output_version
        published = table.read(head.version) if head.has_builds else None
        with _settled(build, bronze, published) as settlement:
            _count(build, bronze, settlement)
            return _commit(build, table, head, settlement, requarantined)

    build.report.output_version = until_committed(table, first, attempt)
