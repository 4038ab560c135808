"""Write, audit, publish: how every product gets from computed rows to one commit."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from tideline_jobs.engine.builds import Build
from tideline_jobs.engine.inputs import read_inputs
from tideline_jobs.engine.quality import count_duplicates, halting, measures, rules_of, together, verdict
from tideline_jobs.model.contracts import PROCESSED_AT, Contract
from tideline_jobs.model.errors import BuildError
from tideline_jobs.model.intervals import key_of, sql_literal
from tideline_jobs.model.results import HeldBack, IntervalCounts, restore
from tideline_jobs.tables.delta import EVERYTHING, Table, until_committed
from tideline_jobs.tables.history import Commit, Head

WHOLE_TABLE = "*"
# SQL for no row of a table.
NOTHING = "false"


def interval_key(contract: Contract) -> Column:
    """The key of the interval that a row belongs to."""
    column = contract.interval_column
    return key_of(contract.grain, F.col(column)) if column else F.lit(WHOLE_TABLE)


def rows_between(contract: Contract, start: str, end: str) -> str:
    """SQL for the rows of the run [start, end)."""
    column = contract.interval_column
    if column is None:
        return EVERYTHING
    first, last = sql_literal(contract.grain, start), sql_literal(contract.grain, end)
    return f"{column} >= {first} AND {column} < {last}"


def rows_of(contract: Contract, keys: list[str]) -> str:
    """SQL for the rows of some intervals."""
    if contract.interval_column is None:
        return EVERYTHING
    if not keys:
        return NOTHING
    literals = ", ".join(sql_literal(contract.grain, key) for key in sorted(keys))
    return f"{contract.interval_column} IN ({literals})"


def published_rows(table: Table, head: Head, keys: list[str]) -> DataFrame | None:
    """What the table holds of the intervals; None where it is certain, without looking, that it holds nothing."""
    if not head.has_builds or (table.contract.interval_column and all(head.never_built(key) for key in keys)):
        return None
    return table.read(head.version).where(rows_of(table.contract, keys))


def changed_keys(
    staged: DataFrame, staged_counts: Mapping[str, int], published: DataFrame | None, contract: Contract
) -> list[str]:
    """Intervals in which the two frames hold different rows; `published` is None where nothing is published yet."""
    if published is None:
        return sorted(key for key, count in staged_counts.items() if count > 0)
    if not set(contract.columns) <= set(published.columns):
        return sorted(staged_counts)
    # A column that the contract has no more stays in the table; what is written now has nothing in it.
    gone = [field for field in published.schema if field.name not in contract.columns]
    now = staged.select("*", *[F.lit(None).cast(field.dataType).alias(field.name) for field in gone])
    sides = {side: _hashes(frame, contract, side) for side, frame in (("before", published), ("after", now))}
    # Equal rows, whatever their order, have equal counts and equal sums of their hashes.
    grouped = sides["before"].unionByName(sides["after"]).groupBy("key", "side")
    low_bits = F.col("hash").bitwiseAND(0xFFFFFFFF)
    content = grouped.agg(F.count("*").alias("rows"), F.bit_xor("hash").alias("xor"), F.sum(low_bits).alias("sum"))
    found = {(row["key"], row["side"]): (row["rows"], row["xor"], row["sum"]) for row in content.collect()}
    return sorted(key for key in {key for key, _ in found} if found.get((key, "before")) != found.get((key, "after")))


def _hashes(frame: DataFrame, contract: Contract, side: str) -> DataFrame:
    gone = sorted({*frame.columns} - {*contract.columns})
    compared = [name for name in (*contract.columns, *gone) if name != "processing_timestamp"]
    # The hash skips nulls: without saying where they are, a value that moves to a null beside it would leave it equal.
    content = F.xxhash64(*compared, *[F.col(name).isNull() for name in compared])
    return frame.select(interval_key(contract).alias("key"), F.lit(side).alias("side"), content.alias("hash"))


def refuse_if_restored(build: Build, head: Head) -> None:
    """SUPERSEDED where a restore was asked for after this build: its rows would come back over what was restored."""
    restore_commit = head.newer_restore(build.request.generation)
    if restore_commit:
        told = f"restore {restore_commit.metadata['restoreId']} was asked for after this build"
        raise BuildError("SUPERSEDED", f"{build.request.product}: {told}: build on what it has left")


def settle_early(build: Build, head: Head) -> bool:
    """Whether the table already says how this build ended; then the report is filled in and nothing is to do."""
    request, report = build.request, build.report
    done = head.find_build(request.build_id, request.generation)
    if done and done.build:
        restore(report, done.build)
        report.output_version = done.version
        report.status = "published"
        return True
    refuse_if_restored(build, head)
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
    report.held_back = [held for held in report.held_back if held.interval in build.keys]
    require_publishable(build)
    report.output_version = newer.version
    # The newer build loads its own rows; those of this one are older.
    report.export_manifest = None
    report.status = "unchanged"
    report.message = f"the newer {told}: left as it is"


def mark_changed(build: Build, changed: list[str]) -> None:
    whole = WHOLE_TABLE in changed
    build.report.intervals = [
        replace(counts, changed=whole or counts.interval in changed) for counts in build.report.intervals
    ]


def empty_keys(build: Build, head: Head, changed: list[str]) -> list[str]:
    """Intervals without rows that no build has published yet: their commit tells an empty interval from a gap."""
    empty = (counts.interval for counts in build.report.intervals if counts.rows_published == 0)
    return [key for key in empty if key not in changed and head.last_build(key) is None]


def publish_rows(build: Build, compute: Callable[[dict[str, DataFrame]], DataFrame], rows_in: Column) -> None:
    """
    Computes, audits and publishes a product whose rows are a function of its inputs alone: `compute` is given what the
    contract lets it read, by product, and of what it gives the dates asked for count. `rows_in` aggregates the staged
    rows of an interval into the number of input rows behind them.
    """
    table = Table(build.spark, build.contract, build.request.lake)
    table.ensure()
    head = table.head()
    if settle_early(build, head):
        _export_published(build, table)
        return
    computed = compute(read_inputs(build)).withColumn(PROCESSED_AT, F.current_timestamp())
    asked = computed.where(rows_between(build.contract, build.request.start, build.request.end))
    build.staging.write(build.contract.conform(asked), exported=build.contract.is_exported)
    staged = build.staging.read()
    _audit(build, staged, rows_in)
    held_back = bool(build.report.held_back)
    good = staged.where(rows_of(build.contract, _good_keys(build))) if held_back else staged
    if build.contract.is_exported:
        build.report.export_manifest = build.staging.write_manifest(good if held_back else None)
    _commit(build, table, head, good)


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


def newest(time: Column) -> Column:
    """Aggregates a timestamp column into its last instant, as a result tells it."""
    return F.date_format(F.max(time), "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'").alias("newest_event")


def tell_newest_events(build: Build, counted: Mapping[str, Mapping[str, Any]]) -> None:
    """Puts into the report the `newest` event of each interval that has one."""
    build.report.newest_events |= {key: row["newest_event"] for key, row in counted.items() if row["newest_event"]}


def _audit(build: Build, staged: DataFrame, rows_in: Column) -> None:
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
        tell_newest_events(build, by_key)
    judge(build, build.keys if build.contract.interval_column else [WHOLE_TABLE], by_key, staged)
    held_back = {held.interval for held in build.report.held_back}
    for key in build.keys:
        row = by_key.get(WHOLE_TABLE) or by_key.get(key)
        counts = IntervalCounts(key, row["rows_in"], row["rows"]) if row else IntervalCounts(key, 0, 0)
        if held_back.isdisjoint({key, WHOLE_TABLE}):
            build.report.intervals.append(counts)
    require_publishable(build)


def judge(build: Build, keys: list[str], counted: Mapping[str, Mapping[str, Any]], staged: DataFrame) -> None:
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


def _commit(build: Build, table: Table, first_head: Head, staged: DataFrame) -> None:
    contract = build.contract
    whole = contract.interval_column is None
    counts = {WHOLE_TABLE if whole else each.interval: each.rows_published for each in build.report.intervals}

    def attempt(head: Head) -> int | None:
        if settle_early(build, head):
            _export_published(build, table)
            return build.report.output_version
        published = published_rows(table, head, _good_keys(build))
        changed = changed_keys(staged, counts, published, contract)
        mark_changed(build, changed)
        written = [*changed, *empty_keys(build, head, changed)]
        if not written:
            build.report.status = "unchanged"
            return head.version
        build.report.status = "published"
        predicate = rows_of(contract, written)
        replaces = None if published is None and not whole else predicate
        return table.commit(staged.where(predicate), replaces, head, build.commit_metadata())

    build.report.output_version = until_committed(table, first_head, attempt)
