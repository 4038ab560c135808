"""Published tables: Delta, with every commit saying which build it is, and compare-and-set between builds."""

import json
from collections.abc import Callable
from time import monotonic
from typing import Any

from delta.tables import DeltaTable
from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from tideline_jobs.model.contracts import Contract
from tideline_jobs.model.errors import BuildError
from tideline_jobs.tables.conflicts import CONFLICTS
from tideline_jobs.tables.log import Log
from tideline_jobs.tables.snapshot import Snapshot
from tideline_jobs.tables.storage import Storage
from tideline_jobs.tables.turn import CommitTurn

# Who has lost writes next, so that one that loses so often is not merely slower than the others.
MAX_ATTEMPTS = 20
# For so long a table may go without a maintenance and lose nothing that somebody needs.
UNMAINTAINED_DAYS = 90
# SQL for all rows of a table.
EVERYTHING = "true"


def table_properties(contract: Contract, needed_days: int = 0) -> dict[str, str]:
    """
    The Delta properties that a product's table shall have. Its log is kept for the contract's days, or a day more than
    `needed_days` if that is longer; the notes of removed files as long as versions stay readable and a quarter more,
    for each checkpoint holds all of them. Without its note VACUUM takes a file that an old version needs for one that
    nobody ever published: in that quarter a maintenance must have said how far back somebody needs the table.
    """
    custom = contract.custom
    properties = {
        "delta.logRetentionDuration": f"interval {max(custom['logRetentionDays'], needed_days + 1)} days",
        "delta.deletedFileRetentionDuration": (
            f"interval {max(custom['versionRetentionDays'], needed_days) + UNMAINTAINED_DAYS} days"
        ),
    }
    if "statsColumns" in contract.custom:
        # Without this Delta gathers minima and maxima of the payload too.
        properties["delta.dataSkippingStatsColumns"] = ",".join(contract.custom["statsColumns"])
    return properties


def table_path(lake: str, product: str) -> str:
    return f"{lake}/{product.replace('.', '/')}"


def staging_folder(lake: str, product: str) -> str:
    """Where all builds of a product keep what is not published yet."""
    return f"{lake}/_staging/{product}"


class Table:
    """The Delta table of a product."""

    def __init__(self, spark: SparkSession, contract: Contract, lake: str) -> None:
        self._spark = spark
        self.contract = contract
        # Delta tells apart spellings of one path that differ in their slashes.
        self.path = Storage(spark).qualified(table_path(lake, contract.product))
        self.log = Log(spark, self.path)
        self._turn = f"{staging_folder(lake, contract.product)}/commit-turn"
        self._since = monotonic()

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
        for name, value in table_properties(self.contract).items():
            builder = builder.property(name, value)
        try:
            builder.execute()
        except (*CONFLICTS, AnalysisException):
            # Another build created it in the same moment.
            if not self.exists():
                raise

    def turn(self) -> CommitTurn:
        return CommitTurn(Storage(self._spark), self._turn, self._since)

    def snapshot(self) -> Snapshot:
        return Snapshot(self.log, self.log.versions())

    def read(self, version: int) -> DataFrame:
        """The rows of a version; a column that the contract has gained since then is null."""
        rows = self._spark.read.format("delta").option("versionAsOf", version).load(self.path)
        columns = self.contract.columns.items()
        gained = {name: F.lit(None).cast(kind) for name, kind in columns if name not in rows.columns}
        return rows.withColumns(gained) if gained else rows

    def commit(self, rows: DataFrame, replaces: str | None, snapshot: Snapshot, metadata: dict[str, Any]) -> int | None:
        """
        Adds `rows` in one commit, in the place of what matches the SQL `replaces` (None: of nothing), if no other build
        has committed since `snapshot`, and no restore has been announced. The new version; None if another was first.
        """
        sequence = snapshot.sequence + 1
        told = json.dumps({**metadata, "sequence": sequence})
        writer = (
            rows.write.format("delta")
            .mode("append" if replaces is None else "overwrite")
            .option("overwriteSchema" if replaces == EVERYTHING else "mergeSchema", "true")
            .option("userMetadata", told)
            .option("txnAppId", self.contract.product)
            .option("txnVersion", sequence)
        )
        if replaces is not None and replaces != EVERYTHING:
            writer = writer.option("replaceWhere", replaces)
        try:
            writer.save(self.path)
        except CONFLICTS:
            return None
        # Delta skips a write in silence when this sequence number is taken: only the log tells who wrote it.
        since = (
            commit for commit in self.snapshot().commits(metadata["generation"]) if commit.version > snapshot.version
        )
        return next((commit.version for commit in since if commit.metadata == json.loads(told)), None)


def until_committed(table: Table, attempt: Callable[[Snapshot], int | None]) -> int:
    """Tries on a fresh state until no other build has committed in between; gives up with CONFLICT."""
    with table.turn() as turn:
        for lost in range(MAX_ATTEMPTS):
            if lost:
                turn.take()
            else:
                turn.wait()
            version = attempt(table.snapshot())
            if version is not None:
                return version
    product = table.contract.product
    raise BuildError(
        "CONFLICT", f"{product}: other builds committed first {MAX_ATTEMPTS} times in a row; try again later"
    )
