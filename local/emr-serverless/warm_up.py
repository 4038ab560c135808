"""Loads and compiles what jobs commonly use: JSON, windows, Delta Lake writes, merges and reads, S3."""

import json
import sys

from delta.tables import DeltaTable
from py4j.protocol import Py4JJavaError  # type: ignore[import-untyped]
from pyspark.sql import SparkSession, Window
from pyspark.sql import functions as F

EVENT_SCHEMA = "id string, at timestamp, city string, payload struct<fare: double, tip: double>"


def main(table: str) -> None:
    spark = SparkSession.builder.getOrCreate()
    lines = [
        json.dumps(
            {
                "id": str(number % 50),
                "at": f"2025-01-18T03:{number % 60:02}:00Z",
                "city": "ab"[number % 2],
                "payload": {"fare": number / 10, "tip": 1.0},
            }
        )
        for number in range(100)
    ]
    source = f"{table}-source"
    spark.createDataFrame([(line,) for line in lines], "value string").write.text(source)
    newest = Window.partitionBy("id").orderBy(F.col("at").desc())
    events = (
        spark.read.text(source)
        .select(F.from_json("value", EVENT_SCHEMA).alias("event"), F.sha2("value", 256).alias("hash"))
        .select("event.*", "hash", F.to_date("event.at").alias("day"))
        .withColumn("position", F.row_number().over(newest))
        .where("position = 1")
        .drop("position")
    )
    events.write.format("delta").partitionBy("day").mode("overwrite").save(table)
    events.write.format("delta").mode("overwrite").option("replaceWhere", "city = 'a'").save(f"{table}-flat")
    target = DeltaTable.forPath(spark, table).alias("target")
    (
        target.merge(events.alias("new"), "target.id = new.id")
        .whenMatchedUpdateAll()
        .whenNotMatchedInsertAll()
        .execute()
    )
    totals = spark.read.format("delta").load(table).groupBy("city").agg(F.sum("payload.fare"), F.count("*"))
    totals.collect()
    events.write.json(f"{table}-json")
    touch_s3(spark)
    spark.stop()


def touch_s3(spark: SparkSession) -> None:
    """Asks S3 for an object that need not exist: the request itself loads the client's classes."""
    jvm = spark._jvm
    assert jvm is not None
    path = jvm.org.apache.hadoop.fs.Path("s3://warm-up/none")
    configuration = spark._jsc.hadoopConfiguration()
    try:
        path.getFileSystem(configuration).exists(path)
    except Py4JJavaError:
        # No such bucket, or no S3 yet: the classes are loaded all the same.
        return


if __name__ == "__main__":
    main(sys.argv[1])
