"""Write, audit, publish: how every product gets from computed rows to one commit."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F

from tideline_jobs.builds import Build
from tideline_jobs.contracts import Contract
from tideline_jobs.errors import BuildError
from tideline_jobs.intervals import key_of, sql_literal
from tideline_jobs.quality import audit, explain, halts, rules_of
from tideline_jobs.results import IntervalCounts, restore
from tideline_jobs.tables import Commit, Head, Table, until_committed

WHOLE_TABLE = "*"


def interval_key(contract: Contract) -> Column:
    """The key of the interval that a row belongs to."""
    column = contract.interval_column
    return key_of(contract.grain, F.col(column)) if column else F.lit(WHOLE_TABLE)


def rows_between(contract: Contract, start: str, end: str) -> str | None:
    """SQL for the rows of the run [start, end); None when a build replaces the whole table."""
    column = contract.interval_column
    if column is None:
        return None
    first, last = sql_literal(contract.grain, start), sql_literal(contract.grain, end)
    return f"{column} >= {first} AND {column} < {last}"


def rows_of(contract: Contract, keys: list[str]) -> str | None:
    """SQL for the rows of some intervals; None when a build replaces the whole table."""
    if contract.interval_column is None:
        return None
    literals = ", ".join(sql_literal(contract.grain, key) for key in sorted(keys))
    return f"{contract.interval_column} IN ({literals})"


def fingerprints(frame: DataFrame, contract: Contract) -> dict[str, Row]:
    """Per interval: its rows and two sums over their content. Equal means equal rows, whatever their order."""
    content = F.xxhash64(*[name for name in contract.columns if name != "processing_timestamp"])
    hashed = frame.select(interval_key(contract).alias("key"), content.alias("hash"))
    grouped = hashed.groupBy("key").agg(
        F.count("*").alias("rows"),
        F.bit_xor("hash").alias("xor"),
        F.sum(F.col("hash").bitwiseAND(0xFFFFFFFF)).alias("sum"),
    )
    return {row["key"]: row for row in grouped.collect()}


def changed_keys(
    staged: DataFrame, staged_counts: Mapping[str, int], published: DataFrame | None, contract: Contract
) -> list[str]:
    """Intervals in which the two frames hold different rows; `published` is None where nothing is published yet."""
    comparable = published is not None and set(published.columns) == set(contract.columns)
    before = fingerprints(published, contract) if published is not None and comparable else {}
    if not before:
        # Nothing to compare with: spare the pass over the content of what is new anyway.
        return sorted(key for key, count in staged_counts.items() if count > 0)
    after = fingerprints(staged, contract)
    return sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))


def settle_early(build: Build, head: Head) -> bool:
    """Whether the table already says how this build ended; then the report is filled in and nothing is to do."""
    request, report = build.request, build.report
    done = head.find_build(request.build_id)
    if done and done.build:
        restore(report, done.build)
        report.output_version = done.version
        report.status = "published"
        return True
    if build.first_version is None:
        build.first_version = head.version
    newer = head.newer_build(request.start, request.end, request.generation, build.first_version)
    if newer and newer.build:
        _yield_to(build, newer, newer.build)
        return True
    return False


def _yield_to(build: Build, newer: Commit, other: dict[str, Any]) -> None:
    request, report = build.request, build.report
    told = (
        f"build {other['buildId']} of the higher generation {other['generation']} published in version {newer.version}"
    )
    if request.start < other["start"] or other["end"] < request.end:
        # The rest is still to do, on inputs at least as new as those of the other build.
        raise BuildError("CONFLICT", f"{request.product}: the newer {told} while this build ran: build again")
    restore(report, other)
    report.intervals = [replace(counts, changed=False) for counts in report.intervals if counts.interval in build.keys]
    report.output_version = newer.version
    report.status = "unchanged"
    report.message = f"the newer {told}: left as it is"


def mark_changed(build: Build, changed: list[str]) -> None:
    whole = WHOLE_TABLE in changed
    build.report.intervals = [
        replace(counts, changed=whole or counts.interval in changed) for counts in build.report.intervals
    ]


def empty_keys(build: Build, head: Head, changed: list[str]) -> list[str]:
    """Intervals without rows that no build has published yet: their commit tells an empty interval from a gap."""
    counted = (counts for counts in build.report.intervals if counts.rows_published == 0)
    return [
        counts.interval for counts in counted if counts.interval not in changed and not head.covers(counts.interval)
    ]


def publish_rows(build: Build, compute: Callable[[], DataFrame], rows_in: Column) -> None:
    """
    Computes, audits and publishes a product whose rows are a function of its inputs alone.
    `rows_in` aggregates the staged rows of an interval into the number of input rows behind them.
    """
    table = Table(build.spark, build.contract, build.request.lake)
    table.ensure()
    head = table.head()
    settled = settle_early(build, head)
    if settled and not (build.contract.is_exported and not build.staging.has_manifest()):
        build.report.export_manifest = build.staging.manifest if build.contract.is_exported else None
        return
    build.staging.write(build.contract.conform(compute()))
    staged = build.staging.read()
    if build.contract.is_exported:
        build.report.export_manifest = build.staging.write_manifest()
    if settled:
        return
    _audit(build, staged, rows_in)
    _commit(build, table, head, staged)


def _audit(build: Build, staged: DataFrame, rows_in: Column) -> None:
    counted = staged.groupBy(interval_key(build.contract).alias("key")).agg(
        F.count("*").alias("rows"), rows_in.cast("bigint").alias("rows_in")
    )
    by_key = {row["key"]: row for row in counted.collect()}
    foreign = sorted(by_key.keys() - {*build.keys, WHOLE_TABLE})
    if foreign:
        raise BuildError("INTERNAL", f"{build.request.product}: rows of intervals not asked for: {', '.join(foreign)}")
    for key in build.keys:
        row = by_key.get(WHOLE_TABLE) or by_key.get(key)
        counts = IntervalCounts(key, row["rows_in"], row["rows"]) if row else IntervalCounts(key, 0, 0)
        build.report.intervals.append(counts)
    build.report.quality = audit(staged, build.contract)
    if halts(rules_of(build.contract), build.report.quality):
        raise BuildError("QUALITY_FAILED", f"{build.request.product}: {explain(build.report.quality)}")


def _commit(build: Build, table: Table, first_head: Head, staged: DataFrame) -> None:
    contract, request = build.contract, build.request
    whole = contract.interval_column is None
    counts = {WHOLE_TABLE if whole else each.interval: each.rows_published for each in build.report.intervals}

    def attempt(head: Head) -> int | None:
        if settle_early(build, head):
            return build.report.output_version
        within = rows_between(contract, request.start, request.end) or "true"
        published = table.read(head.version).where(within) if head.has_builds else None
        changed = changed_keys(staged, counts, published, contract)
        mark_changed(build, changed)
        written = [*changed, *empty_keys(build, head, changed)]
        if not written:
            build.report.status = "unchanged"
            return head.version
        build.report.status = "published"
        predicate = rows_of(contract, written)
        rows = staged.where(predicate) if predicate else staged
        return table.commit(rows, predicate, head, build.commit_metadata())

    build.report.output_version = until_committed(table, first_head, attempt)
