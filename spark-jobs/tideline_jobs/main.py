"""Runs one job: arguments in, result file out, exit code 0 or 1."""

import argparse
import json
import logging
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from pyspark.sql import SparkSession

from tideline_jobs.engine.builds import Build, BuildRequest, code_version
from tideline_jobs.engine.session import open_session
from tideline_jobs.jobs.maintenance import MaintenanceRequest, run_maintenance
from tideline_jobs.jobs.restoration import RestoreRequest, run_restore
from tideline_jobs.kinds.reference_data import publish_reference_data
from tideline_jobs.kinds.sql_model import publish_model
from tideline_jobs.model.contracts import Contract
from tideline_jobs.model.errors import failure_of
from tideline_jobs.model.results import BuildReport, result_document
from tideline_jobs.tables.delta import Table
from tideline_jobs.tables.storage import Storage

_log = logging.getLogger(__name__)


def _uri(text: str) -> str:
    return text.rstrip("/")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="main.py", description="Runs one job on the table of one product.")
    kinds = parser.add_subparsers(dest="kind", required=True)
    build = kinds.add_parser("build", help="build a run of intervals")
    build.add_argument("--start", required=True)
    build.add_argument("--end", required=True)
    build.add_argument("--build-id", required=True)
    build.add_argument("--generation", required=True, type=int)
    build.add_argument("--raw", type=_uri)
    build.add_argument("--earliest-event")
    build.add_argument("--rebuild", action="store_true")
    build.add_argument("--forced", type=json.loads)
    build.set_defaults(request=BuildRequest, run=run_build)
    maintain = kinds.add_parser("maintain", help="compact the table, remove what nobody needs")
    maintain.add_argument("--maintenance-id", required=True)
    maintain.add_argument("--needed-version", type=int)
    maintain.set_defaults(request=MaintenanceRequest, run=run_maintenance)
    restore = kinds.add_parser("restore", help="put the table back to one of its versions")
    restore.add_argument("--restore-id", required=True)
    restore.add_argument("--generation", required=True, type=int)
    restore.add_argument("--version", required=True, type=int)
    restore.set_defaults(request=RestoreRequest, run=run_restore)
    for kind in (build, maintain, restore):
        kind.add_argument("--product", required=True)
        kind.add_argument("--lake", required=True, type=_uri)
        kind.add_argument("--result", required=True)
    return parser


def _builder_of(contract: Contract) -> Callable[[Build], None]:
    """What builds a product, by the kind that its contract names."""
    if contract.build["kind"] == "reference":
        return publish_reference_data
    if contract.build["kind"] == "sql":
        return publish_model
    run: Callable[[Build], None] = import_module(f"tideline_jobs.products.{contract.product}").run
    return run


def run_build(spark: SparkSession, request: BuildRequest) -> dict[str, Any]:
    """Builds as the product's contract says; returns the result document, of failures too."""
    report = BuildReport()

    def work() -> None:
        build = Build(spark, request, report)
        try:
            _builder_of(build.contract)(build)
            if report.status == "published":
                table = Table(spark, build.contract, request.lake)
                report.changed_partitions = table.log.changed_partitions(report.output_version)
        finally:
            # What the warehouse loads stays until the table's maintenance removes it.
            if report.export_manifest is None:
                build.staging.clean()

    error = failure_of(work)
    return result_document({**request.identity, "codeVersion": code_version()}, report, error)


def main(arguments: Sequence[str]) -> int:
    given = vars(_parser().parse_args(arguments))
    kind, request_type, run, result_uri = (given.pop(name) for name in ("kind", "request", "run", "result"))
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    spark = open_session(f"{kind} {given['product']}")
    try:
        document = run(spark, request_type(**given))
        Storage(spark).write_text(result_uri, json.dumps(document))
        _log.info("%s", json.dumps(document))
    finally:
        spark.stop()
    return 1 if document["error"] else 0
