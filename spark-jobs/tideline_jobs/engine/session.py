"""The Spark session: what the cluster has set stays, what results depend on is set here."""

from pyspark import SparkConf
from pyspark.sql import SparkSession

# Results must not depend on the machine's zone or on a cluster's defaults.
_FIXED = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.caseSensitive": "true",
}

_DEFAULTS = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.sql.parquet.compression.codec": "zstd",
    # Level 3 takes twice the time of level 1 for a payload, and saves a few hundredths of its size.
    "spark.hadoop.parquet.compression.codec.zstd.level": "1",
    # The state of a table's log is small; fifty tasks to read it cost more than the build of a small interval.
    "spark.databricks.delta.snapshotPartitions": "2",
    # Where in Python a column was written: several calls to the JVM for each column, for nicer error messages.
    "spark.python.sql.dataFrameDebugging.enabled": "false",
    # Writers of several partitions at once instead of a sort of wide rows by partition.
    "spark.sql.maxConcurrentOutputFileWriters": "32",
    "spark.databricks.delta.stats.collect.using.tableSchema": "true",
}


def open_session(app_name: str) -> SparkSession:
    """The session of the cluster that runs this job, or a local one."""
    submitted = SparkConf()
    builder = SparkSession.builder.appName(app_name)
    for key, value in _FIXED.items():
        builder = builder.config(key, value)
    for key, value in _DEFAULTS.items():
        if not submitted.contains(key):
            builder = builder.config(key, value)
    spark = builder.getOrCreate()
    if not submitted.contains("spark.sql.shuffle.partitions"):
        cores = spark.sparkContext.defaultParallelism
        spark.conf.set("spark.sql.shuffle.partitions", str(max(2, 2 * cores)))
    return spark
