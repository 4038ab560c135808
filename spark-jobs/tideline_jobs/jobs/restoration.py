"""Puts a table back to one of its versions, in a new commit that undoes the builds since."""

import json
from dataclasses import dataclass
from typing import Any

from delta.tables import DeltaTable
from pyspark.errors import AnalysisException, IllegalArgumentException
from pyspark.sql import SparkSession

from tideline_jobs.engine.builds import code_version
from tideline_jobs.engine.staging import Staging
from tideline_jobs.model.contracts import contract_of
from tideline_jobs.model.errors import BuildError, failure_of, kind_of
from tideline_jobs.model.intervals import shift_key, sql_literal
from tideline_jobs.model.results import RestoreReport, restore_document
from tideline_jobs.tables.conflicts import CONFLICTS
from tideline_jobs.tables.delta import EVERYTHING, Table, until_committed
from tideline_jobs.tables.log import Commit
from tideline_jobs.tables.snapshot import Snapshot

_USER_METADATA = "spark.databricks.delta.commitInfo.userMetadata"


@dataclass(frozen=True)
class RestoreRequest:
    """The arguments of a job."""

    product: str
    restore_id: str
    generation: int
    """When it was asked for, in milliseconds since 1970."""
    lake: str
    version: int


def run_restore(spark: SparkSession, request: RestoreRequest) -> dict[str, Any]:
    """Restores the table; returns the result document, of failures too. The same restore commits once."""
    report = RestoreReport(restored=request.version)

    def work() -> None:
        table = Table(spark, contract_of(request.product), request.lake)
        if not table.exists():
            raise BuildError("BAD_INPUT", f"{request.product} has no table at {table.path}")
        done = _find(table, request) or _restore(spark, table, request)
        report.version = done.version
        # All that was undone, so that the same restore, asked for again, has the same to load and to build again.
        undone = (version for version in table.snapshot().versions if request.version < version <= done.version)
        report.changed_partitions = sorted(
            {date for version in undone for date in table.log.changed_partitions(version)}
        )
        if table.contract.is_exported:
            _export(spark, table, request, report)

    identity = {"product": request.product, "restoreId": request.restore_id, "codeVersion": code_version()}
    return restore_document(identity, report, failure_of(work))


def _identity(request: RestoreRequest) -> dict[str, Any]:
    return {"restoreId": request.restore_id, "generation": request.generation}


def _find(table: Table, request: RestoreRequest) -> Commit | None:
    return table.snapshot().find_restore(request.restore_id, request.generation)


def _announce(table: Table, request: RestoreRequest) -> None:
    """
    Takes the number of the next build, in a commit without rows; Delta's own restore takes none. A job whose workflow
    was terminated may run on, and what it has read may not be published over the restored rows.
    """
    metadata = {"product": request.product, **_identity(request)}

    def attempt(snapshot: Snapshot) -> int | None:
        newer = next(snapshot.newer(request.generation), None)
        if newer:
            told = f"version {newer.version} was asked for after restore {request.restore_id}"
            raise BuildError("SUPERSEDED", f"{request.product}: {told}")
        return table.commit(table.read(snapshot.version).where("false"), None, snapshot, metadata)

    until_committed(table, attempt)


def _restore(spark: SparkSession, table: Table, request: RestoreRequest) -> Commit:
    _announce(table, request)
    spark.conf.set(_USER_METADATA, json.dumps(_identity(request)))
    try:
        DeltaTable.forPath(spark, table.path).restoreToVersion(request.version)
    except (AnalysisException, IllegalArgumentException) as failure:
        # Delta says which versions it has, or that files of this one are gone.
        told = str(failure).partition("\n")[0]
        message = f"{request.product} cannot be restored to version {request.version}: {told}"
        raise BuildError("BAD_INPUT", message[:500]) from failure
    except CONFLICTS as failure:
        raise BuildError(
            "CONFLICT", f"{request.product}: the table was written meanwhile: {kind_of(failure)}"
        ) from failure
    finally:
        spark.conf.unset(_USER_METADATA)
    done = _find(table, request)
    if done is None:
        raise BuildError("CONFLICT", f"{request.product}: somebody else restored the table meanwhile")
    return done


def _export(spark: SparkSession, table: Table, request: RestoreRequest, report: RestoreReport) -> None:
    """Stages what the warehouse has to load: all dates from the first to the last that have changed."""
    contract, predicate = table.contract, EVERYTHING
    if contract.partition_column:
        if not report.changed_partitions:
            return
        first, end = report.changed_partitions[0], shift_key("date", report.changed_partitions[-1], 1)
        column = contract.partition_column
        predicate = f"{column} >= {sql_literal('date', first)} AND {column} < {sql_literal('date', end)}"
        report.export_start, report.export_end = first, end
    rows = table.read(report.version).where(predicate)
    staging = Staging(spark, request.lake, request.product, request.restore_id)
    staging.write(contract.conform(rows), exported=True)
    report.export_manifest = staging.write_manifest()
