"""How the staged rows of bronze stand beside the published rows of other hours, so that every event is there once."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from tideline_jobs.engine.builds import Build
from tideline_jobs.engine.rows import rows_of
from tideline_jobs.kinds.raw_lines.dedup import IDENTITY, compare, without
from tideline_jobs.kinds.raw_lines.near import near
from tideline_jobs.kinds.raw_lines.staged import StagedHours
from tideline_jobs.model.intervals import key_of, sql_literal


@dataclass(frozen=True)
class Rewrite:
    """Rows of other hours that change: those at the identities of `lost` go, those of `back` come."""

    hours: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    lost: DataFrame | None = None
    back: DataFrame | None = None

    @property
    def predicate(self) -> str:
        """SQL for the rows among which the change is."""
        days = ", ".join(sql_literal("date", date) for date in self.dates)
        hours = ", ".join(sql_literal("hour", hour) for hour in self.hours)
        return f"arrival_hour IN ({hours}) AND event_date IN ({days})"

    def apply(self, table: DataFrame) -> DataFrame:
        """What stands in the place of these rows."""
        rows = table.where(self.predicate)
        if self.lost is not None:
            rows = rows.join(self.lost.select(*IDENTITY), list(IDENTITY), "left_anti")
        return rows if self.back is None else rows.unionByName(self.back.select(*rows.columns))

    def with_back(self, back: DataFrame, hours: set[str], dates: set[str]) -> "Rewrite":
        return Rewrite(tuple(sorted({*self.hours, *hours})), tuple(sorted({*self.dates, *dates})), self.lost, back)


@dataclass(frozen=True)
class Settlement:
    """Of the staged hours: the rows that stay, and by hour the duplicates and the rows of re-stamped ids."""

    staged: StagedHours
    rows: DataFrame
    duplicates: Counter[str] = field(default_factory=Counter)
    restamped: int = 0
    beaten: frozenset[tuple[str, str]] = frozenset()
    """Pairs of hours: the first has an event that the second had as well, later."""
    rewrite: Rewrite = field(default_factory=Rewrite)


@contextmanager
def settled(build: Build, staged: StagedHours, table: DataFrame | None) -> Iterator[Settlement]:
    """Compares the staged rows with each other and with published rows of other hours."""
    if not staged.event_hours:
        yield Settlement(staged, staged.valid)
        return
    others = None
    if table is not None:
        others = near(table.where(f"NOT ({rows_of(build.contract, staged.keys)})"), staged)
    found = compare(staged.valid, others).persist()
    try:
        places = (
            found.groupBy(
                key_of("hour", F.col("arrival_hour")).alias("hour"),
                key_of("hour", F.col("winner")).alias("winner"),
                F.col("event_date").cast("string").alias("date"),
                F.col("file").isNotNull().alias("staged"),
                (F.col("rank") > 1).alias("beaten"),
            )
            .agg(F.count("*").alias("rows"), F.count_if("restamped").alias("restamped"))
            .collect()
        )
        beaten = [place for place in places if place["beaten"] and place["staged"]]
        overtaken = [place for place in places if place["beaten"] and not place["staged"]]
        lost = found.where("rank > 1")
        duplicates: Counter[str] = Counter()
        for place in beaten:
            duplicates[place["hour"]] += place["rows"]
        yield Settlement(
            staged,
            without(staged.valid, lost.where("file IS NOT NULL")) if beaten else staged.valid,
            duplicates,
            sum(place["restamped"] for place in places),
            frozenset(
                (place["winner"], place["hour"]) for place in (*beaten, *overtaken) if place["winner"] != place["hour"]
            ),
            Rewrite(
                tuple(sorted({place["hour"] for place in overtaken})),
                tuple(sorted({place["date"] for place in overtaken})),
                lost.where("file IS NULL") if overtaken else None,
            ),
        )
    finally:
        found.unpersist()
