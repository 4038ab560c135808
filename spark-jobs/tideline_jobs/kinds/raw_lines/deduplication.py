"""How the staged rows of bronze stand beside the published rows of other hours, so that every event is there once."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from tideline_jobs.engine.builds import Build
from tideline_jobs.engine.rows import rows_of
from tideline_jobs.kinds.raw_lines.copies import IDENTITY, compare, without
from tideline_jobs.kinds.raw_lines.near import near
from tideline_jobs.kinds.raw_lines.staged import StagedHours
from tideline_jobs.model.intervals import key_of, sql_literal


@dataclass(frozen=True)
class Rewrite:
    """Rows of other hours that change: those at the identities of `removed` go, those of `promoted` come."""

    hours: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    removed: DataFrame | None = None
    promoted: DataFrame | None = None

    @property
    def predicate(self) -> str:
        """SQL for the rows among which the change is."""
        days = ", ".join(sql_literal("date", date) for date in self.dates)
        hours = ", ".join(sql_literal("hour", hour) for hour in self.hours)
        return f"arrival_hour IN ({hours}) AND event_date IN ({days})"

    def apply(self, table: DataFrame) -> DataFrame:
        """What stands in the place of these rows."""
        rows = table.where(self.predicate)
        if self.removed is not None:
            rows = rows.join(self.removed.select(*IDENTITY), list(IDENTITY), "left_anti")
        return rows if self.promoted is None else rows.unionByName(self.promoted.select(*rows.columns))

    def with_promoted(self, promoted: DataFrame, hours: set[str], dates: set[str]) -> "Rewrite":
        return Rewrite(
            tuple(sorted({*self.hours, *hours})), tuple(sorted({*self.dates, *dates})), self.removed, promoted
        )


@dataclass(frozen=True)
class Deduplication:
    """Of the staged hours: the rows that stay, and by hour the duplicates and the rows of re-stamped ids."""

    staged: StagedHours
    rows: DataFrame
    duplicates: Counter[str] = field(default_factory=Counter)
    restamped: int = 0
    later_copies: frozenset[tuple[str, str]] = frozenset()
    """Pairs of hours: the second has a later copy of an event of the first."""
    rewrite: Rewrite = field(default_factory=Rewrite)


@contextmanager
def deduplicated(build: Build, staged: StagedHours, table: DataFrame | None) -> Iterator[Deduplication]:
    """Compares the staged rows with each other and with published rows of other hours."""
    if not staged.event_hours:
        yield Deduplication(staged, staged.valid)
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
                (F.col("rank") > 1).alias("duplicate"),
            )
            .agg(F.count("*").alias("rows"), F.count_if("restamped").alias("restamped"))
            .collect()
        )
        repeated = [place for place in places if place["duplicate"] and place["staged"]]
        displaced = [place for place in places if place["duplicate"] and not place["staged"]]
        losing = found.where("rank > 1")
        duplicates: Counter[str] = Counter()
        for place in repeated:
            duplicates[place["hour"]] += place["rows"]
        yield Deduplication(
            staged,
            without(staged.valid, losing.where("file IS NOT NULL")) if repeated else staged.valid,
            duplicates,
            sum(place["restamped"] for place in places),
            frozenset(
                (place["winner"], place["hour"])
                for place in (*repeated, *displaced)
                if place["winner"] != place["hour"]
            ),
            Rewrite(
                tuple(sorted({place["hour"] for place in displaced})),
                tuple(sorted({place["date"] for place in displaced})),
                losing.where("file IS NULL") if displaced else None,
            ),
        )
    finally:
        found.unpersist()
