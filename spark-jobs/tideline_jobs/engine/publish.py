"""Write, audit, publish: how every product gets from computed rows to one commit."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pyspark.sql import Column, DataFrame, Observation
from pyspark.sql import functions as F

from tideline_jobs.engine.audit import audit, require_publishable
from tideline_jobs.engine.builds import Build
from tideline_jobs.engine.changes import changed_keys, empty_keys, mark_changed, published_rows
from tideline_jobs.engine.inputs import read_inputs
from tideline_jobs.engine.rows import WHOLE_TABLE, rows_between, rows_of
from tideline_jobs.model.contracts import PROCESSED_AT
from tideline_jobs.model.errors import BuildError
from tideline_jobs.model.results import fill_report
from tideline_jobs.tables.delta import Table, until_committed
from tideline_jobs.tables.log import Commit
from tideline_jobs.tables.snapshot import Snapshot


def refuse_if_restored(build: Build, snapshot: Snapshot) -> None:
    """SUPERSEDED where a restore was asked for after this build: its rows would come back over what was restored."""
    restore_commit = snapshot.newer_restore(build.request.generation)
    if restore_commit:
        told = f"restore {restore_commit.metadata['restoreId']} was asked for after this build"
        raise BuildError("SUPERSEDED", f"{build.request.product}: {told}: build on what it has left")


def adopt_outcome(build: Build, snapshot: Snapshot) -> bool:
    """Whether the table already says how this build ended; then the report is filled in and nothing is to do."""
    request, report = build.request, build.report
    done = snapshot.find_build(request.build_id, request.generation)
    if done and done.build:
        fill_report(report, done.build)
        report.output_version = done.version
        report.status = "published"
        return True
    refuse_if_restored(build, snapshot)
    if build.first_version is None:
        build.first_version = snapshot.version
    if build.contract.interval_column:
        newer = snapshot.newer_build(request.start, request.end, request.generation, build.first_version)
    else:
        # Whatever dates it was asked for, it has written every row, and by a seed that is no older.
        newer = next((commit for commit in snapshot.newer(request.generation) if commit.build), None)
    if newer and newer.build:
        _yield_to(build, newer, newer.build)
        return True
    return False


def _yield_to(build: Build, newer: Commit, other: dict[str, Any]) -> None:
    request, report = build.request, build.report
    told = (
        f"build {other['buildId']} of the higher generation {other['generation']} published in version {newer.version}"
    )
    whole = build.contract.interval_column is None
    if not whole and (request.start < other["start"] or other["end"] < request.end):
        # The rest is still to do, on inputs at least as new as those of the other build.
        raise BuildError("CONFLICT", f"{request.product}: the newer {told} while this build ran: build again")
    fill_report(report, other)
    if whole:
        report.intervals = [replace(report.intervals[0], interval=key) for key in build.keys]
    report.intervals = [replace(counts, changed=False) for counts in report.intervals if counts.interval in build.keys]
    report.held_back = [held for held in report.held_back if held.interval in build.keys]
    require_publishable(build)
    report.output_version = newer.version
    # The newer build loads its own rows; those of this one are older.
    report.export_manifest = None
    report.status = "unchanged"
    report.message = f"the newer {told}: left as it is"


def publish_rows(
    build: Build,
    compute: Callable[[dict[str, DataFrame]], DataFrame],
    rows_in: Column,
    orphans: Observation | None = None,
) -> None:
    """
    Computes, audits and publishes a product whose rows are a function of its inputs alone: `compute` is given what the
    contract lets it read, by product, and of what it gives the dates asked for count. `rows_in` aggregates the staged
    rows of an interval into the number of input rows behind them; `orphans`, where `compute` observes them, are by
    interval the events that are behind no row of any.
    """
    table = Table(build.spark, build.contract, build.request.lake)
    table.ensure()
    if adopt_outcome(build, table.snapshot()):
        _export_published(build, table)
        return
    computed = compute(read_inputs(build)).withColumn(PROCESSED_AT, F.current_timestamp())
    asked = computed.where(rows_between(build.contract, build.request.start, build.request.end))
    build.staging.write(build.contract.conform(asked), exported=build.contract.is_exported)
    if orphans:
        seen = orphans.get
        build.report.orphan_events = {key: int(seen.get(key) or 0) for key in build.keys}
    staged = build.staging.read()
    audit(build, staged, rows_in)
    held_back = bool(build.report.held_back)
    good = staged.where(rows_of(build.contract, _good_keys(build))) if held_back else staged
    if build.contract.is_exported:
        build.report.export_manifest = build.staging.write_manifest(good if held_back else None)
    _commit(build, table, good)


def _good_keys(build: Build) -> list[str]:
    return [counts.interval for counts in build.report.intervals]


def _export_published(build: Build, table: Table) -> None:
    """Stages for the warehouse what this build's commit holds, whatever its inputs have become since."""
    report, contract = build.report, build.contract
    if not contract.is_exported or report.status != "published":
        report.export_manifest = None
        return
    rows = table.read(report.output_version).where(rows_of(contract, _good_keys(build)))
    build.staging.write(contract.conform(rows), exported=True)
    report.export_manifest = build.staging.write_manifest()


def _commit(build: Build, table: Table, staged: DataFrame) -> None:
    contract = build.contract
    whole = contract.interval_column is None
    counts = {WHOLE_TABLE if whole else each.interval: each.rows_published for each in build.report.intervals}

    def attempt(snapshot: Snapshot) -> int | None:
        if adopt_outcome(build, snapshot):
            _export_published(build, table)
            return build.report.output_version
        published = published_rows(table, snapshot, _good_keys(build))
        changed = changed_keys(staged, counts, published, contract)
        mark_changed(build, changed)
        written = [*changed, *empty_keys(build, snapshot, changed)]
        if not written:
            build.report.status = "unchanged"
            return snapshot.version
        build.report.status = "published"
        predicate = rows_of(contract, written)
        replaces = None if published is None and not whole else predicate
        return table.commit(staged.where(predicate), replaces, snapshot, build.commit_metadata())

    build.report.output_version = until_committed(table, attempt)
