"""Raw files to numbered lines."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from math import ceil

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from tideline_jobs.model.intervals import parse_key
from tideline_jobs.tables.storage import Storage, StoredFile

_BYTES_PER_TASK = 16 * 1024 * 1024
_SPLIT_BYTES = 128 * 1024 * 1024
_LINE_BITS = 33
# year, month, day, hour and the file.
_NAME_PARTS = 5
# Spark skips in silence what begins with _ or ., and takes these characters for a pattern.
_RAW_FILE = re.compile(r"(?![_.])[^*?{}\[\]\\]+\.gz")


@dataclass(frozen=True)
class RawHours:
    """The files that arrived in some hours."""

    root: str
    by_hour: dict[str, list[StoredFile]]
    unreadable: dict[str, list[StoredFile]] = field(default_factory=dict)

    @property
    def files(self) -> list[StoredFile]:
        return [file for files in self.by_hour.values() for file in files]

    def of(self, hours: list[str]) -> "RawHours":
        return RawHours(self.root, {hour: self.by_hour[hour] for hour in hours})

    def without(self, files: list[StoredFile]) -> "RawHours":
        """The same hours, with some of their files known as unreadable."""
        parts = [
            {hour: [file for file in found if (file in files) is chosen] for hour, found in self.by_hour.items()}
            for chosen in (False, True)
        ]
        return RawHours(self.root, *parts)

    def fingerprint(self, hour: str) -> str:
        """Equal for equal files, and as the watch computes it (activities/lake/raw-files.ts)."""
        return fingerprint((file.name, file.bytes, file.version) for file in self.by_hour[hour])

    @property
    def tasks(self) -> int:
        """Small files share a task, and so a staged file; a gzip file cannot be split."""
        return max(1, min(len(self.files), ceil(sum(file.bytes for file in self.files) / _BYTES_PER_TASK)))


def fingerprint(files: Iterable[tuple[str, int, str]]) -> str:
    """Of the files' names, sizes and ETags, which some clients keep in quotes."""
    listed = sorted(f"{name} {size} {version}".replace('"', "") for name, size, version in files)
    return sha256("\n".join(listed).encode()).hexdigest()[:16]


def hour_folder(raw: str, hour: str) -> str:
    return f"{raw}/{parse_key('hour', hour):year=%Y/month=%m/day=%d/hour=%H}"


def file_name(file: StoredFile) -> str:
    """The name below the raw prefix."""
    return "/".join(file.uri.split("/")[-_NAME_PARTS:])


def list_hours(spark: SparkSession, raw: str, hours: list[str]) -> RawHours:
    """The raw files of hours as the watch lists them (activities/lake/raw-files.ts), which tells what else is there."""
    storage = Storage(spark)

    def files_of(hour: str) -> list[StoredFile]:
        return [file for file in storage.files([hour_folder(raw, hour)], ".gz") if _RAW_FILE.fullmatch(file.name)]

    return RawHours(raw, {hour: files_of(hour) for hour in hours})


def read_lines(spark: SparkSession, raw: RawHours) -> DataFrame:
    """
    `value, arrival_hour, file` (below the raw prefix) and `line` (from 1). The number of a line is its place in its
    task's file: with this open cost every file is a task of its own, whatever its size.
    """
    spark.conf.set("spark.sql.files.maxPartitionBytes", str(_SPLIT_BYTES))
    spark.conf.set("spark.sql.files.openCostInBytes", str(_SPLIT_BYTES))
    if not raw.files:
        columns = {"value": "STRING", "arrival_hour": "TIMESTAMP", "file": "STRING", "line": "BIGINT"}
        return spark.range(0).select(*[F.lit(None).cast(kind).alias(name) for name, kind in columns.items()])
    reader = spark.read.option("basePath", raw.root).option("lineSep", "\n")
    lines = reader.text([file.uri for file in raw.files])
    hour = F.make_timestamp("year", "month", "day", "hour", F.lit(0), F.lit(0))
    in_file = F.monotonically_increasing_id().bitwiseAND((1 << _LINE_BITS) - 1)
    return lines.select(
        "value",
        hour.alias("arrival_hour"),
        F.substring_index("_metadata.file_path", "/", -_NAME_PARTS).alias("file"),
        (in_file + 1).alias("line"),
    )
