"""Which rows lose to another with the same event_id: the earliest arrival wins, in whatever order hours are built."""

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

_PLACE = ("file", "line")


def losers(staged: DataFrame, published: DataFrame | None) -> DataFrame:
    """
    `event_id, arrival_hour, event_date, file, line` of the rows that an earlier row of the same event beats; `file` is
    null for published rows, which must be of other hours than the staged ones. Few events have a twin, and eight bytes
    of hash find them: only those are ordered.
    """
    claims = staged.select("event_id", "arrival_hour", "event_date", *_PLACE)
    if published is not None:
        nowhere = [F.lit(None).cast(kind).alias(name) for name, kind in zip(_PLACE, ("string", "bigint"), strict=True)]
        claims = claims.unionByName(published.select("event_id", "arrival_hour", "event_date", *nowhere))
    hashed = claims.withColumn("hash", F.xxhash64("event_id"))
    twins = hashed.groupBy("hash").count().where("count > 1").select("hash")
    order = Window.partitionBy("event_id").orderBy("arrival_hour", *_PLACE)
    ranked = hashed.join(twins, "hash", "left_semi").withColumn("rank", F.row_number().over(order))
    return ranked.where("rank > 1").drop("hash", "rank")


def without(rows: DataFrame, lost: DataFrame) -> DataFrame:
    """`rows` without those at the places of `lost`."""
    return rows.join(lost.select(*_PLACE), list(_PLACE), "left_anti")
