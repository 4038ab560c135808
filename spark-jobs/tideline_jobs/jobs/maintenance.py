"""Keeps a table quick to read and its past as long as somebody needs it; changes no rows."""

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import takewhile
from math import ceil
from time import time
from typing import Any

from delta.tables import DeltaTable
from pyspark.sql import SparkSession

from tideline_jobs.engine.builds import code_version
from tideline_jobs.model.contracts import contract_of
from tideline_jobs.model.errors import BuildError, failure_of, kind_of
from tideline_jobs.model.intervals import sql_literal
from tideline_jobs.model.results import MaintenanceReport, maintenance_document
from tideline_jobs.tables.conflicts import CONFLICTS
from tideline_jobs.tables.delta import Table, staging_folder, table_properties
from tideline_jobs.tables.snapshot import CLOCK_TOLERANCE_MS, Snapshot
from tideline_jobs.tables.storage import Storage

_HOUR_MS = 3_600_000
_DAY_MS = 24 * _HOUR_MS

# The last commit of a maintenance says up to where the table has been maintained.
_MAINTAINED = "VACUUM END"

_SETTINGS = {
    "spark.databricks.delta.vacuum.logging.enabled": "true",
    # Notes of removed files are kept longer than the files; how long those are kept is said with each VACUUM.
    "spark.databricks.delta.retentionDurationCheck.enabled": "false",
    "spark.databricks.delta.vacuum.parallelDelete.enabled": "true",
}


@dataclass(frozen=True)
class MaintenanceRequest:
    """The arguments of a job."""

    product: str
    maintenance_id: str
    lake: str
    needed_version: int | None = None
    """The oldest version that somebody still needs; what the contract keeps is kept anyway."""


def run_maintenance(spark: SparkSession, request: MaintenanceRequest) -> dict[str, Any]:
    """Maintains the table, if there is one; returns the result document, of failures too."""
    report = MaintenanceReport()

    def work() -> None:
        table = Table(spark, contract_of(request.product), request.lake)
        if table.exists():
            _maintain(spark, table, request, report)

    identity = {"product": request.product, "maintenanceId": request.maintenance_id, "codeVersion": code_version()}
    return maintenance_document(identity, report, failure_of(work))


def _maintain(spark: SparkSession, table: Table, request: MaintenanceRequest, report: MaintenanceReport) -> None:
    for name, value in _SETTINGS.items():
        spark.conf.set(name, value)
    # VACUUM lists a table in so many tasks, however small it is: 10,000 by default, which take more than a minute.
    tasks = str(spark.sparkContext.defaultParallelism)
    spark.conf.set("spark.sql.sources.parallelPartitionDiscovery.parallelism", tasks)
    delta, snapshot, now_ms = DeltaTable.forPath(spark, table.path), table.snapshot(), int(time() * 1000)
    readable_since_ms = _readable_since(table, snapshot, request.needed_version, now_ms)
    before = delta.detail().collect()[0]
    report.files_before, report.bytes_before = before["numFiles"], before["sizeInBytes"]
    try:
        _keep(spark, table, before["properties"], ceil((now_ms - readable_since_ms) / _DAY_MS))
        report.partitions = _optimize(delta, table, snapshot)
        delta.vacuum(ceil((now_ms - readable_since_ms) / _HOUR_MS))
    except CONFLICTS as failure:
        raise BuildError(
            "CONFLICT", f"{request.product}: the table was written meanwhile: {kind_of(failure)}"
        ) from failure
    report.staged_files_deleted = Storage(spark).delete_older(
        staging_folder(request.lake, request.product), now_ms - _DAY_MS
    )
    after = delta.detail().collect()[0]
    report.files_after, report.bytes_after = after["numFiles"], after["sizeInBytes"]
    report.version = next(commit.version for commit in table.snapshot().commits() if commit.operation == _MAINTAINED)
    report.files_deleted = table.log.deleted_files(report.version)
    report.readable_since = datetime.fromtimestamp(readable_since_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _readable_since(table: Table, snapshot: Snapshot, needed_version: int | None, now_ms: int) -> int:
    """The time from which on every version of the table stays readable, in milliseconds since 1970."""
    by_contract: int = now_ms - table.contract.custom["versionRetentionDays"] * _DAY_MS
    if needed_version is None:
        return by_contract
    oldest = max((version for version in snapshot.versions if version <= needed_version), default=snapshot.versions[-1])
    # A file may carry the time at which the next version removed it by a clock that was behind.
    return min(by_contract, table.log.commit(oldest).at_ms - CLOCK_TOLERANCE_MS)


def _keep(spark: SparkSession, table: Table, properties: dict[str, str], days: int) -> None:
    """Gives the table the properties that it shall have, where it has others; its past reaches back `days` at least."""
    wanted = table_properties(table.contract, days)
    differing = {name: value for name, value in wanted.items() if properties.get(name) != value}
    if differing:
        assignments = ", ".join(f"'{name}' = '{value}'" for name, value in differing.items())
        spark.sql(f"ALTER TABLE delta.`{table.path}` SET TBLPROPERTIES ({assignments})")


def _optimize(delta: DeltaTable, table: Table, snapshot: Snapshot) -> int:
    """Compacts the partitions that have changed since the last maintenance; how many they are, 1 for a whole table."""
    contract, optimize = table.contract, delta.optimize()
    partitions = 1
    if contract.partition_column:
        since = takewhile(lambda commit: commit.operation != _MAINTAINED, snapshot.commits())
        changed = sorted({value for commit in since for value in table.log.changed_partitions(commit.version)})
        if not changed:
            return 0
        dates = ", ".join(sql_literal("date", value) for value in changed)
        optimize, partitions = optimize.where(f"{contract.partition_column} IN ({dates})"), len(changed)
    if "zOrderBy" in contract.custom:
        optimize.executeZOrderBy(contract.custom["zOrderBy"])
    else:
        optimize.executeCompaction()
    return partitions
