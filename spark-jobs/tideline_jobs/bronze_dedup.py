"""Which rows lose to another with the same event_id: the earliest arrival wins, in whatever order hours are built."""

from dataclasses import dataclass

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

_PLACE = ("file", "line")


def losers_within(valid: DataFrame) -> DataFrame:
    """
    `event_id, arrival_hour, file, line` of the staged rows that an earlier staged row beats. Few events have a twin,
    and eight bytes of hash find them: only those are ordered.
    """
    hashed = valid.select(F.xxhash64("event_id").alias("hash"))
    twins = hashed.groupBy("hash").count().where("count > 1").select("hash")
    suspects = valid.select("event_id", "arrival_hour", *_PLACE, F.xxhash64("event_id").alias("hash"))
    order = Window.partitionBy("event_id").orderBy("arrival_hour", *_PLACE)
    ranked = suspects.join(twins, "hash", "left_semi").withColumn("rank", F.row_number().over(order))
    return ranked.where("rank > 1").select("event_id", "arrival_hour", *_PLACE)


def without(rows: DataFrame, losers: DataFrame) -> DataFrame:
    """`rows` without those at the places of `losers`."""
    return rows.join(losers.select(*_PLACE), list(_PLACE), "left_anti")


@dataclass(frozen=True)
class Contest:
    """Staged rows and published rows of other hours that are the same event."""

    pairs: DataFrame

    @property
    def staged_losers(self) -> DataFrame:
        return self.pairs.where("published_hour < arrival_hour").select("event_id", "arrival_hour", *_PLACE)

    @property
    def published_losers(self) -> DataFrame:
        lost = self.pairs.where("published_hour > arrival_hour")
        return lost.select("event_id", "event_date", F.col("published_hour").alias("arrival_hour"))


def contest(staged: DataFrame, published: DataFrame) -> Contest:
    """`published` holds rows of other hours than `staged`, so that the hour alone decides."""
    others = published.select("event_id", "event_date", F.col("arrival_hour").alias("published_hour"))
    return Contest(staged.select("event_id", "arrival_hour", *_PLACE).join(others, "event_id"))
