"""Dimensions that come from a file beside their contract: the whole table is replaced (SCD type 1)."""

import csv
import io
import json

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from tideline_jobs.engine.builds import Build
from tideline_jobs.engine.publish import publish_rows
from tideline_jobs.model.contracts import read_seed


def reference_rows(build: Build) -> DataFrame:
    """The seed's rows as strings; the contract's types are given to them when they are staged."""
    rows = list(csv.DictReader(io.StringIO(read_seed(build.contract))))
    fields = ", ".join(f"`{name}`: STRING" for name in rows[0])
    # As one literal: a DataFrame made of Python objects would start a Python worker for a handful of rows.
    literal = F.from_json(F.lit(json.dumps(rows)), f"ARRAY<STRUCT<{fields}>>")
    return build.spark.range(1).select(F.inline(literal))


def publish_reference_data(build: Build) -> None:
    publish_rows(build, lambda _: reference_rows(build), rows_in=F.count("*"))
