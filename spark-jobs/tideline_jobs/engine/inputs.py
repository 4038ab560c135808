"""What a build may read: exactly what its contract says, so that the ledger knows all that its rows are made from."""

from pyspark.sql import DataFrame

from tideline_jobs.engine.builds import Build
from tideline_jobs.model.contracts import Contract, contract_of
from tideline_jobs.model.errors import BuildError
from tideline_jobs.model.intervals import shift_key, sql_literal
from tideline_jobs.tables.delta import EVERYTHING, Table


def read_inputs(build: Build) -> dict[str, DataFrame]:
    """
    Of each input, by product, the partitions that the contract allows for the dates asked for, in its newest state,
    which is held still for the whole build. Notes the versions.
    """
    inputs = {}
    for product in build.contract.inputs:
        contract = contract_of(product)
        table = Table(build.spark, contract, build.request.lake)
        if not table.exists():
            raise BuildError("BAD_INPUT", f"{product} has no table at {table.path}: build it first")
        version = table.snapshot().version
        inputs[product] = table.read(version).where(_within(build, contract))
        build.report.input_versions[product] = version
    return inputs


def _within(build: Build, read: Contract) -> str:
    """SQL for the partitions of an input; all rows where it has none."""
    if read.partition_column is None:
        return EVERYTHING
    days = build.contract.days_read(read.product)
    first = shift_key("date", build.keys[0], days[0])
    last = shift_key("date", build.keys[-1], days[-1])
    return f"{read.partition_column} BETWEEN {sql_literal('date', first)} AND {sql_literal('date', last)}"
