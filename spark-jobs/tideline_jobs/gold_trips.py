"""gold.trips: the settled trips, the batch truth of a date."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from tideline_jobs.builds import Build
from tideline_jobs.contracts import contract_of
from tideline_jobs.publish import publish_rows, rows_between
from tideline_jobs.tables import read_input


def gold_trips(silver: DataFrame) -> DataFrame:
    return silver.withColumn("processing_timestamp", F.current_timestamp())


def run(build: Build) -> None:
    def compute() -> DataFrame:
        silver, version = read_input(build.spark, contract_of("silver.trips"), build.request.lake)
        build.report.input_versions = {"silver.trips": version}
        within = rows_between(build.contract, build.request.start, build.request.end)
        return gold_trips(silver.where(within))

    publish_rows(build, compute, rows_in=F.count("*"))
