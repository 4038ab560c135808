"""Published tables: Delta, with every commit saying which build it is, and compare-and-set between builds."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from delta.exceptions import DeltaConcurrentModificationException
from delta.tables import DeltaTable
from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, SparkSession

from tideline_jobs.contracts import Contract
from tideline_jobs.errors import BuildError
from tideline_jobs.storage import Storage

MAX_ATTEMPTS = 5
# Builds of the last day or more, of an hourly table; a zombie older than that has long lost its claim.
_RECENT_COMMITS = 200


@dataclass(frozen=True)
class Commit:
    """One commit of a table; `build` is what the build wrote about itself, None for maintenance."""

    version: int
    build: dict[str, Any] | None


@dataclass(frozen=True)
class Head:
    """A state of the table that a build reads from, and the newest commits up to it, newest first."""

    version: int
    commits: tuple[Commit, ...]

    @property
    def sequence(self) -> int:
        """Number of the last build that committed. Maintenance does not count: it changes no rows."""
        return next((int(commit.build["sequence"]) for commit in self.commits if commit.build), 0)

    @property
    def has_builds(self) -> bool:
        return any(commit.build for commit in self.commits)

    def find_build(self, build_id: str) -> Commit | None:
        found = (commit for commit in self.commits if commit.build and commit.build["buildId"] == build_id)
        return next(found, None)

    def covers(self, key: str) -> bool:
        """Whether one of the commits published the interval."""
        builds = (commit.build for commit in self.commits if commit.build)
        return any(build["start"] <= key < build["end"] for build in builds)

    def newer_build(self, start: str, end: str, generation: int, since: int) -> Commit | None:
        """
        A commit by a build of a higher generation that leaves nothing to do in [start, end), or that took a part of it
        after version `since`. A part taken before is no obstacle: who reads its inputs later knows all that it knew.
        """
        for commit in self.commits:
            build = commit.build
            if build and build["generation"] > generation and build["start"] < end and start < build["end"]:
                whole = build["start"] <= start and end <= build["end"]
                if whole or commit.version > since:
                    return commit
        return None


def table_path(lake: str, product: str) -> str:
    return f"{lake}/{product.replace('.', '/')}"


class Table:
    """The Delta table of a product."""

    def __init__(self, spark: SparkSession, contract: Contract, lake: str) -> None:
        self._spark = spark
        self.contract = contract
        # Delta tells apart spellings of one path that differ in their slashes.
        self.path = Storage(spark).qualified(table_path(lake, contract.product))

    def exists(self) -> bool:
        return DeltaTable.isDeltaTable(self._spark, self.path)

    def ensure(self) -> None:
        """Creates the table, empty, unless it is there."""
        if self.exists():
            return
        builder = DeltaTable.createIfNotExists(self._spark).location(self.path)
        for name, kind in self.contract.columns.items():
            builder = builder.addColumn(name, kind)
        if self.contract.partition_column:
            builder = builder.partitionedBy(self.contract.partition_column)
        if "statsColumns" in self.contract.custom:
            # Without this Delta gathers minima and maxima of the payload too.
            columns = ",".join(self.contract.custom["statsColumns"])
            builder = builder.property("delta.dataSkippingStatsColumns", columns)
        try:
            builder.execute()
        except (DeltaConcurrentModificationException, AnalysisException):
            # Another build created it in the same moment.
            if not self.exists():
                raise

    def head(self) -> Head:
        commits = self._commits(_RECENT_COMMITS)
        if len(commits) == _RECENT_COMMITS and not any(commit.build for commit in commits):
            commits = self._commits(None)
        return Head(commits[0].version, commits)

    def _commits(self, limit: int | None) -> tuple[Commit, ...]:
        table = DeltaTable.forPath(self._spark, self.path)
        history = table.history(limit) if limit else table.history()
        rows = history.select("version", "userMetadata").collect()
        commits = [Commit(row["version"], _build_of(row["userMetadata"])) for row in rows]
        return tuple(sorted(commits, key=lambda commit: -commit.version))

    def read(self, version: int) -> DataFrame:
        return self._spark.read.format("delta").option("versionAsOf", version).load(self.path)

    def commit(self, rows: DataFrame, predicate: str | None, head: Head, build: dict[str, Any]) -> int | None:
        """
        Replaces what matches `predicate` (None: everything) by `rows` in one commit, if no other build has committed
        since `head`. The new version, or None when another build was first.
        """
        sequence = head.sequence + 1
        writer = (
            rows.write.format("delta")
            .mode("overwrite")
            .option("userMetadata", json.dumps({**build, "sequence": sequence}))
            .option("txnAppId", self.contract.product)
            .option("txnVersion", sequence)
        )
        if predicate:
            writer = writer.option("replaceWhere", predicate).option("mergeSchema", "true")
        else:
            writer = writer.option("overwriteSchema", "true")
        try:
            writer.save(self.path)
        except DeltaConcurrentModificationException:
            return None
        # Delta skips a write in silence when this sequence number is taken: only the log tells who wrote it.
        written = self.head().find_build(build["buildId"])
        return written.version if written and written.version > head.version else None


def _build_of(user_metadata: str | None) -> dict[str, Any] | None:
    if not user_metadata:
        return None
    try:
        build = json.loads(user_metadata)
    except ValueError:
        return None
    return build if isinstance(build, dict) and "buildId" in build and "sequence" in build else None


def read_input(spark: SparkSession, contract: Contract, lake: str) -> tuple[DataFrame, int]:
    """The newest state of an input, held still for the whole build, and its version."""
    table = Table(spark, contract, lake)
    if not table.exists():
        raise BuildError("BAD_INPUT", f"{contract.product} has no table at {table.path}: build it first")
    row = DeltaTable.forPath(spark, table.path).history(1).select("version").first()
    version = int(row["version"]) if row else 0
    return table.read(version), version


def until_committed(table: Table, first: Head, attempt: Callable[[Head], int | None]) -> int:
    """Tries again on a fresh state while other builds commit in between; then gives up with CONFLICT."""
    head = first
    for _ in range(MAX_ATTEMPTS):
        version = attempt(head)
        if version is not None:
            return version
        head = table.head()
    product = table.contract.product
    raise BuildError(
        "CONFLICT", f"{product}: other builds committed first {MAX_ATTEMPTS} times in a row; try again later"
    )
