"""Runs one build: arguments in, result file out, exit code 0 or 1."""

import argparse
import json
import logging
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from pyspark.sql import SparkSession

from tideline_jobs.builds import Build, BuildRequest, code_version
from tideline_jobs.errors import BuildError
from tideline_jobs.results import BuildReport, result_document
from tideline_jobs.session import open_session
from tideline_jobs.storage import Storage
from tideline_jobs.tables import Table

_log = logging.getLogger(__name__)
_MESSAGE_LIMIT = 4000


def _parse(arguments: Sequence[str]) -> tuple[BuildRequest, str]:
    parser = argparse.ArgumentParser(prog="main.py", description="Builds a run of intervals of one product.")
    parser.add_argument("--product", required=True)
    parser.add_argument("--start", required=True)
    parser.add_argument("--end", required=True)
    parser.add_argument("--build-id", required=True)
    parser.add_argument("--generation", required=True, type=int)
    parser.add_argument("--lake", required=True)
    parser.add_argument("--raw", required=True)
    parser.add_argument("--result", required=True)
    parser.add_argument("--earliest-event")
    parser.add_argument("--rebuild", action="store_true")
    given = vars(parser.parse_args(arguments))
    result = given.pop("result")
    given["lake"], given["raw"] = given["lake"].rstrip("/"), given["raw"].rstrip("/")
    return BuildRequest(**given), result


def run_build(spark: SparkSession, request: BuildRequest) -> dict[str, Any]:
    """Runs the module that the product's contract names; returns the result document, of failures too."""
    report, error = BuildReport(), None
    try:
        build = Build(spark, request)
        report = build.report
        try:
            import_module(f"tideline_jobs.{build.contract.job}").run(build)
            if report.status == "published":
                table = Table(spark, build.contract, request.lake)
                report.changed_partitions = table.log.changed_partitions(report.output_version)
        finally:
            # What the warehouse loads stays until the table's maintenance removes it.
            if report.export_manifest is None:
                build.staging.clean()
    except BuildError as failure:
        error = failure
    except Exception as failure:
        # Whatever goes wrong, the orchestrator reads the reason in the result file, not in the driver's log.
        _log.exception("the build of %s ended unexpectedly", request.product)
        error = BuildError("INTERNAL", f"{type(failure).__name__}: {failure}"[:_MESSAGE_LIMIT])
    return result_document({**request.identity, "codeVersion": code_version()}, report, error)


def main(arguments: Sequence[str]) -> int:
    request, result_uri = _parse(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    spark = open_session(f"{request.product} {request.start}")
    try:
        document = run_build(spark, request)
        Storage(spark).write_text(result_uri, json.dumps(document))
        _log.info("%s", json.dumps(document))
    finally:
        spark.stop()
    return 1 if document["error"] else 0
