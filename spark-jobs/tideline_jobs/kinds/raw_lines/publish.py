"""Publishing bronze: the quarantine first, then the events, deduplicated with what other hours have published."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pyspark.sql import functions as F

from tideline_jobs.engine.audit import require_publishable
from tideline_jobs.engine.builds import Build
from tideline_jobs.engine.changes import changed_keys, empty_keys, mark_changed, published_rows
from tideline_jobs.engine.publish import adopt_outcome, refuse_if_restored
from tideline_jobs.engine.rows import rows_of
from tideline_jobs.kinds.raw_lines.deduplication import Deduplication, deduplicated
from tideline_jobs.kinds.raw_lines.promotion import are_recorded, promote_later_copies
from tideline_jobs.kinds.raw_lines.provenance import completed
from tideline_jobs.kinds.raw_lines.staged import StagedHours
from tideline_jobs.model.contracts import contract_of
from tideline_jobs.model.errors import BuildError
from tideline_jobs.model.results import Check, IntervalCounts
from tideline_jobs.tables.delta import Table, until_committed
from tideline_jobs.tables.snapshot import Snapshot

QUARANTINE = "bronze.events_quarantine"
_RESTAMPED = "restampedIds"


def quarantine_of(build: Build) -> Table:
    """The quarantine of what the build makes."""
    table = Table(build.spark, contract_of(QUARANTINE), build.request.lake)
    table.ensure()
    return table


def _refuse_if_overtaken(build: Build, snapshot: Snapshot, since: int) -> None:
    """
    CONFLICT where a newer build has put lines into quarantine after version `since`, and so since this one has listed
    its files: it may have read more of them, and be about to publish their events.
    """
    newer = snapshot.newer_build(build.request.start, build.request.end, build.request.generation, since)
    if newer and newer.build and newer.version > since:
        told = (
            f"build {newer.build['buildId']} of a higher generation put lines there while this build ran: build again"
        )
        raise BuildError("CONFLICT", f"{QUARANTINE}: {told}")


def _publish_quarantine(build: Build, staged: StagedHours, since: int) -> list[str]:
    """
    Replaces what the staged hours hold in quarantine; the hours in which that made a difference. What counts is what
    lies there, not who says to have put it there: another try may have read other files.
    """
    table = quarantine_of(build)
    contract = table.contract
    rejected = contract.conform(staged.rejected.withColumn("arrival_date", F.to_date("arrival_hour")))
    changed: list[str] = []

    def attempt(snapshot: Snapshot) -> int | None:
        refuse_if_restored(build, snapshot)
        _refuse_if_overtaken(build, snapshot, since)
        published = published_rows(table, snapshot, staged.keys)
        changed[:] = changed_keys(rejected, staged.counts("quarantined"), published, contract)
        if not changed:
            return snapshot.version
        predicate = rows_of(contract, changed)
        # Lines of hours that are held back are published here.
        metadata: dict[str, Any] = {**build.commit_metadata(), "product": QUARANTINE, "heldBack": []}
        replaces = None if published is None else predicate
        return table.commit(rejected.where(predicate), replaces, snapshot, metadata)

    until_committed(table, attempt)
    return changed


def _count(build: Build, staged: StagedHours, duplicates: Mapping[str, int]) -> None:
    """Fills in the report's counts; CONSERVATION_BROKEN unless every line read is in exactly one of them."""
    valid, quarantined = staged.counts("valid"), staged.counts("quarantined")
    kept = [counts for counts in build.report.intervals if counts.interval not in staged.read]
    built = [
        IntervalCounts(
            key, staged.read[key], valid[key] - duplicates.get(key, 0), duplicates.get(key, 0), quarantined[key]
        )
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


def _find_restamped(build: Build, rows: int) -> None:
    """An id with several times may be a fault of its sender: a finding, no verdict."""
    quality = build.report.quality
    checks = tuple(check for check in quality.checks if check.name != _RESTAMPED)
    found = (Check(_RESTAMPED, "event_id", rows, sum(each.rows_in for each in build.report.intervals), False),)
    build.report.quality = replace(quality, checks=(*checks, *found) if rows else checks)


def publish_events(build: Build, table: Table, since: int, staged: StagedHours, good: StagedHours) -> None:
    """
    The quarantine, of hours that are held back too: people have to see their lines. Then in one commit what the good
    hours contribute, and what that takes from later hours or gives back to them. `since` is a version of the quarantine
    from before the build listed its files.
    """
    requarantined: set[str] = set()
    if not good.keys:
        _publish_quarantine(build, staged, since)
        require_publishable(build)

    def attempt(snapshot: Snapshot) -> int | None:
        if adopt_outcome(build, snapshot):
            return build.report.output_version
        requarantined.update(_publish_quarantine(build, staged, since))
        # Meanwhile it may have waited: then the rest would be for nothing.
        if table.snapshot().sequence != snapshot.sequence:
            return None
        with deduplicated(build, good, table.read(snapshot.version) if snapshot.has_builds else None) as deduplication:
            _count(build, good, deduplication.duplicates)
            _find_restamped(build, deduplication.restamped)
            return _commit(build, table, snapshot, deduplication, requarantined)

    build.report.output_version = until_committed(table, attempt)


def _commit(
    build: Build, table: Table, snapshot: Snapshot, deduplication: Deduplication, requarantined: set[str]
) -> int | None:
    contract, staged = build.contract, deduplication.staged
    before = published_rows(table, snapshot, staged.keys)
    new = contract.conform(deduplication.rows)
    counts = {each.interval: each.rows_published for each in build.report.intervals if each.interval in staged.read}
    changed = changed_keys(new, counts, before, contract)
    deduplication = promote_later_copies(build, snapshot, before, changed, deduplication)
    rewrite = deduplication.rewrite
    mark_changed(build, [*changed, *requarantined])
    written = [*changed, *empty_keys(build, snapshot, changed)]
    if not written and not rewrite.hours and are_recorded(snapshot, deduplication.later_copies):
        build.report.status = "published" if requarantined else "unchanged"
        return snapshot.version
    build.report.status = "published"
    predicate = rows_of(contract, written)
    rows, replaces = new.where(predicate), None if before is None or not written else predicate
    if rewrite.hours:
        rows = rows.unionByName(contract.conform(rewrite.apply(completed(table.read(snapshot.version)))))
        replaces = f"({predicate}) OR ({rewrite.predicate})"
    later_copies: defaultdict[str, list[str]] = defaultdict(list)
    for first, hour in sorted(deduplication.later_copies):
        later_copies[first].append(hour)
    metadata = {**build.commit_metadata(), "rewrittenIntervals": rewrite.hours, "laterCopies": later_copies}
    return table.commit(rows, replaces, snapshot, metadata)
