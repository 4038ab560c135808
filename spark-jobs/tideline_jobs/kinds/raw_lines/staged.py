"""What a bronze build has staged, and what one pass over it found."""

from collections.abc import Collection
from dataclasses import dataclass

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from tideline_jobs.model.intervals import key_of


@dataclass(frozen=True)
class StagedHours:
    """The staged rows of some hours, and their figures by hour."""

    read: dict[str, int]
    """Lines read, of every hour that was staged."""
    valid: DataFrame
    rejected: DataFrame
    rows_by_key: dict[str, Row]

    @property
    def keys(self) -> list[str]:
        return sorted(self.read)

    def of(self, keys: Collection[str]) -> "StagedHours":
        """Some of the hours."""
        arrived = key_of("hour", F.col("arrival_hour")).isin(sorted(keys))
        return StagedHours(
            {key: lines for key, lines in self.read.items() if key in keys},
            self.valid.where(arrived),
            self.rejected.where(arrived),
            {key: row for key, row in self.rows_by_key.items() if key in keys},
        )

    def counts(self, name: str) -> dict[str, int]:
        return {key: int(self.rows_by_key[key][name]) if key in self.rows_by_key else 0 for key in self.keys}

    @property
    def event_hours(self) -> list[str]:
        """The hours, by event time, that hold a valid event."""
        return sorted({hour for row in self.rows_by_key.values() for hour in row["event_hours"]})

    @property
    def has_drift(self) -> bool:
        """Whether sampled events have fields without a column."""
        return any(row["drifted"] > 0 for row in self.rows_by_key.values())
