"""Which intervals a build changes: it commits those alone."""

from collections.abc import Mapping
from dataclasses import replace

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from tideline_jobs.engine.builds import Build
from tideline_jobs.engine.rows import WHOLE_TABLE, interval_key, rows_of
from tideline_jobs.model.contracts import PROVENANCE, Contract
from tideline_jobs.tables.delta import Table
from tideline_jobs.tables.snapshot import Snapshot


def published_rows(table: Table, snapshot: Snapshot, keys: list[str]) -> DataFrame | None:
    """What the table holds of the intervals; None where it is certain, without looking, that it holds nothing."""
    if not snapshot.has_builds or (table.contract.interval_column and all(snapshot.never_built(key) for key in keys)):
        return None
    return table.read(snapshot.version).where(rows_of(table.contract, keys))


def changed_keys(
    staged: DataFrame, staged_counts: Mapping[str, int], published: DataFrame | None, contract: Contract
) -> list[str]:
    """Intervals in which the two frames hold different rows; `published` is None where nothing is published yet."""
    if published is None:
        return sorted(key for key, count in staged_counts.items() if count > 0)
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
    compared = [name for name in (*contract.columns, *gone) if name not in PROVENANCE]
    # The hash skips nulls: without saying where they are, a value that moves to a null beside it would leave it equal.
    content = F.xxhash64(*compared, *[F.col(name).isNull() for name in compared])
    return frame.select(interval_key(contract).alias("key"), F.lit(side).alias("side"), content.alias("hash"))


def mark_changed(build: Build, changed: list[str]) -> None:
    whole = WHOLE_TABLE in changed
    build.report.intervals = [
        replace(counts, changed=whole or counts.interval in changed) for counts in build.report.intervals
    ]


def empty_keys(build: Build, snapshot: Snapshot, changed: list[str]) -> list[str]:
    """Intervals without rows that no build has published yet: their commit tells an empty interval from a gap."""
    empty = (counts.interval for counts in build.report.intervals if counts.rows_published == 0)
    return [key for key in empty if key not in changed and snapshot.last_build(key) is None]
