"""bronze.events and bronze.events_quarantine: every raw line of a run of arrival hours, once, in one of the two."""

from dataclasses import replace

from pyspark.sql import functions as F

from tideline_jobs.engine.audit import newest, record_newest_events, record_verdicts
from tideline_jobs.engine.builds import Build, code_version
from tideline_jobs.engine.changes import published_rows
from tideline_jobs.engine.publish import adopt_outcome
from tideline_jobs.engine.quality import measures, rules_of
from tideline_jobs.engine.rows import interval_key
from tideline_jobs.kinds.raw_lines.lines import list_hours
from tideline_jobs.kinds.raw_lines.publish import publish_events, quarantine_of
from tideline_jobs.kinds.raw_lines.stage import stage
from tideline_jobs.kinds.raw_lines.staged import StagedHours
from tideline_jobs.model.intervals import key_of
from tideline_jobs.model.results import DRIFT_NAMES, HeldBack, fill_report
from tideline_jobs.tables.delta import Table
from tideline_jobs.tables.log import Commit
from tideline_jobs.tables.snapshot import Snapshot

_VALID = "reason IS NULL"


def _built_before(build: Build, snapshot: Snapshot, quarantine: Table) -> dict[str, Commit]:
    """
    The hours of the run that this code has built from the very same files: most hours, for each is built twice.
    Not those of which the quarantine holds another number of lines: as a table of its own it may be put back alone.
    """
    if build.request.rebuild:
        return {}
    found = {key: snapshot.last_build(key) for key in build.keys}
    kept = {
        key: commit
        for key, commit in found.items()
        if commit
        and commit.build
        and commit.build["codeVersion"] == code_version()
        and commit.build.get("sources", {}).get(key) == build.report.sources[key]
        and not snapshot.rewrote_since(key, commit.version)
    }
    held = _lines_held(quarantine, list(kept))
    return {key: commit for key, commit in kept.items() if _lines_refused(commit, key) == held.get(key, 0)}


def _lines_held(quarantine: Table, keys: list[str]) -> dict[str, int]:
    held = published_rows(quarantine, quarantine.snapshot(), keys) if keys else None
    if held is None:
        return {}
    by_hour = held.groupBy(interval_key(quarantine.contract).alias("key")).agg(F.count("*").alias("lines"))
    return {row["key"]: row["lines"] for row in by_hour.collect()}


def _lines_refused(commit: Commit, key: str) -> int:
    counts = commit.build["intervals"] if commit.build else []
    return sum(each["rowsQuarantined"] for each in counts if each["interval"] == key)


def _report_kept(build: Build, kept: dict[str, Commit]) -> None:
    for key, commit in kept.items():
        if commit.build:
            fill_report(build.report, commit.build, [key])
    build.report.intervals = [replace(counts, changed=False) for counts in build.report.intervals]


def _examine(build: Build, read: dict[str, int]) -> StagedHours:
    rows, valid = build.staging.read(), F.expr(_VALID)
    # A clock that is ahead makes nothing fresher: an event is no newer than its arrival.
    arrived = F.least("event_timestamp", F.col("arrival_hour") + F.expr("INTERVAL 1 HOUR"))
    grouped = rows.groupBy(key_of("hour", F.col("arrival_hour")).alias("key")).agg(
        F.count_if(valid).alias("valid"),
        F.count_if(~valid).alias("quarantined"),
        F.collect_set(F.when(valid, key_of("hour", F.col("event_timestamp")))).alias("event_hours"),
        F.count("members").alias("drifted"),
        newest(F.when(valid, arrived)),
        *measures(rules_of(build.contract), valid),
    )
    return StagedHours(
        read, rows.where(_VALID), rows.where(f"NOT ({_VALID})"), {r["key"]: r for r in grouped.collect()}
    )


def _drift(build: Build) -> tuple[list[str], int]:
    """The first names of fields without a column, and how many there are: it may be one for every line."""
    names = build.staging.read().select(F.explode("members").alias("name")).distinct()
    return [row["name"] for row in names.orderBy("name").limit(DRIFT_NAMES).collect()], names.count()


def run(build: Build) -> None:
    events = Table(build.spark, build.contract, build.request.lake)
    events.ensure()
    snapshot = events.snapshot()
    if adopt_outcome(build, snapshot):
        return
    quarantine = quarantine_of(build)
    quarantined = quarantine.snapshot().version
    raw = list_hours(build.spark, build.raw, build.keys)
    build.report.sources = {key: f"{raw.fingerprint(key)} {build.earliest_event}" for key in build.keys}
    kept = _built_before(build, snapshot, quarantine)
    _report_kept(build, kept)
    missing = [key for key in build.keys if key not in kept]
    if not missing:
        build.report.status, build.report.output_version = "unchanged", snapshot.version
        return
    read, refused = stage(build, raw.of(missing))
    staged = _examine(build, read)
    if staged.has_drift:
        build.report.add_drift(*_drift(build))
    counted = {key: row.asDict() for key, row in staged.rows_by_key.items()}
    record_newest_events(build, counted)
    record_verdicts(build, missing, counted, staged.valid)
    judged = (held for held in build.report.held_back if held.interval not in refused)
    build.report.held_back = [*judged, *(HeldBack(key, reason) for key, reason in refused.items())]
    held_back = {held.interval for held in build.report.held_back}
    publish_events(build, events, quarantined, staged, staged.of({*missing} - held_back) if held_back else staged)
