"""What a bronze build has staged, and what one pass over it found."""

from dataclasses import dataclass
from datetime import date, datetime

from pyspark.sql import DataFrame, Row


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

    def counts(self, name: str) -> dict[str, int]:
        return {key: int(self.rows_by_key[key][name]) if key in self.rows_by_key else 0 for key in self.keys}

    def total(self, name: str) -> int:
        return sum(self.counts(name).values())

    @property
    def span(self) -> tuple[datetime, datetime] | None:
        """First and last event time, or None without a valid event."""
        known = [row for row in self.rows_by_key.values() if row["first_event"] is not None]
        if not known:
            return None
        return min(row["first_event"] for row in known), max(row["last_event"] for row in known)

    @property
    def dates(self) -> list[date]:
        return sorted({day for row in self.rows_by_key.values() for day in row["dates"]})

    @property
    def members(self) -> set[str]:
        """Names found in the sampled events."""
        return {name for row in self.rows_by_key.values() for names in row["members"] for name in names}
