"""How the rows of raw lines came to be: what they came through, and when they were built."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from tideline_jobs.model.contracts import DATA_SOURCE, PROCESSED_AT, PROCESSED_ON

# All raw files are written by the delivery of the stream.
STREAM = "kinesis_stream"


def provenance() -> list[Column]:
    """The columns of what is built now."""
    return [
        F.lit(STREAM).alias(DATA_SOURCE),
        F.current_timestamp().alias(PROCESSED_AT),
        F.to_date(F.current_timestamp()).alias(PROCESSED_ON),
    ]


def completed(published: DataFrame) -> DataFrame:
    """Published rows; of those that an earlier release has built it is said too."""
    return published.withColumns(
        {DATA_SOURCE: F.coalesce(DATA_SOURCE, F.lit(STREAM)), PROCESSED_ON: F.to_date(PROCESSED_AT)}
    )
