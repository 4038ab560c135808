"""Dimensions that come from a file beside their contract: the whole table is replaced (SCD type 1)."""

import csv
import io

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from tideline_jobs.builds import Build
from tideline_jobs.contracts import read_seed
from tideline_jobs.publish import publish_rows


def reference_rows(build: Build) -> DataFrame:
    """The seed's rows as strings; the contract's types are given to them when they are staged."""
    header, *rows = csv.reader(io.StringIO(read_seed(build.contract)))
    schema = ", ".join(f"`{name}` string" for name in header)
    frame = build.spark.createDataFrame([tuple(row) for row in rows], schema)
    return frame.withColumn("processing_timestamp", F.current_timestamp())


def publish_reference_data(build: Build) -> None:
    publish_rows(build, lambda: reference_rows(build), rows_in=F.count("*"))
