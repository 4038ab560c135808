"""Which rows lose to another of the same event: the earliest arrival wins, in whatever order hours are built."""

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

# A duplicate carries the time of its event: an id with another time is another event.
IDENTITY = ("event_id", "event_timestamp")
_PLACE = ("file", "line")


def _ranked(claims: DataFrame) -> DataFrame:
    """
    The rows whose id occurs more than once, with their `rank` among those of the same event and the hour of the first
    of these, `winner`. Few ids do, and eight bytes of hash find them: only those are ordered.
    """
    hashed = claims.withColumn("hash", F.xxhash64("event_id"))
    twins = hashed.groupBy("hash").count().where("count > 1").select("hash")
    order = Window.partitionBy(*IDENTITY).orderBy("arrival_hour", *_PLACE)
    return hashed.join(twins, "hash", "left_semi").select(
        *claims.columns, F.row_number().over(order).alias("rank"), F.first("arrival_hour").over(order).alias("winner")
    )


def compare(staged: DataFrame, published: DataFrame | None) -> DataFrame:
    """
    `event_id, event_timestamp, event_date, arrival_hour, file, line, rank, winner, restamped` of the rows that an
    earlier row of the same event beats (`rank` above 1), and of staged rows whose id their hour has with another time
    too (`restamped`). `file` is null for published rows, which must be of other hours than the staged ones.
    """
    claims = staged.select(*IDENTITY, "event_date", "arrival_hour", *_PLACE)
    if published is not None:
        nowhere = [F.lit(None).cast(kind).alias(name) for name, kind in zip(_PLACE, ("string", "bigint"), strict=True)]
        claims = claims.unionByName(published.select(*IDENTITY, "event_date", "arrival_hour", *nowhere))
    same_hour = Window.partitionBy("event_id", "arrival_hour")
    first, last = (pick("event_timestamp").over(same_hour) for pick in (F.min, F.max))
    restamped = F.col("file").isNotNull() & (first != last)
    ranked = _ranked(claims).withColumn("restamped", restamped)
    return ranked.where("rank > 1 OR restamped")


def firsts(rows: DataFrame) -> DataFrame:
    """Every event once, by its earliest arrival."""
    order = Window.partitionBy(*IDENTITY).orderBy("arrival_hour", *_PLACE)
    return rows.withColumn("rank", F.row_number().over(order)).where("rank = 1").drop("rank")


def without(rows: DataFrame, losing: DataFrame) -> DataFrame:
    """`rows` without those at the places of `losing`."""
    return rows.join(losing.select(*_PLACE), list(_PLACE), "left_anti")
