"""The commits of a table, read file by file from its log, mostly without Spark."""

import json
from bisect import bisect_left
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from tideline_jobs.tables.storage import Storage

READ_AT_ONCE = 50


@dataclass(frozen=True)
class Commit:
    """One commit of a table."""

    version: int
    at_ms: int
    operation: str
    """Delta's name of what was done: `WRITE`, `OPTIMIZE`, `VACUUM END`."""
    restored: int | None
    """The version that the table was put back to; None for everything else."""
    metadata: dict[str, Any]
    """What our job wrote about itself; empty where another tool has committed."""

    @property
    def build(self) -> dict[str, Any] | None:
        """What a build wrote about itself, None for maintenance."""
        return self.metadata if "buildId" in self.metadata and "sequence" in self.metadata else None

    def covers(self, key: str) -> bool:
        """Whether it published the interval."""
        build = self.build
        if build is None or not build["start"] <= key < build["end"]:
            return False
        return all(held["interval"] != key for held in build.get("heldBack", []))


class Log:
    """The commits of one table; each file is read once, and only when somebody asks for it."""

    def __init__(self, spark: SparkSession, table_path: str) -> None:
        self._spark = spark
        self._storage = Storage(spark)
        self._folder = f"{table_path}/_delta_log"
        self._read: dict[int, Commit] = {}
        self._newest: int | None = None
        self._oldest = 0

    def versions(self) -> range:
        """
        Versions whose commit file is still there, newest first. They have no gaps: a log of a year has tens of
        thousands of files, and instead of listing them a few are asked for by name, on from the last checkpoint.
        """
        if self._newest is None:
            self._newest = max(0, self.checkpointed_version)
            self._oldest = bisect_left(range(self._newest), True, key=self._has)
        while self._has(self._newest + 1):
            self._newest += 1
        return range(self._newest, self._oldest - 1, -1)

    def _has(self, version: int) -> bool:
        return self._storage.exists(self._file(version))

    def _file(self, version: int) -> str:
        return f"{self._folder}/{version:020d}.json"

    @cached_property
    def _checkpoint(self) -> dict[str, Any]:
        """
        What Delta says of its newest checkpoint, empty before the first. A later one would know of commits that are in
        no snapshot yet.
        """
        place = f"{self._folder}/_last_checkpoint"
        found: dict[str, Any] = json.loads("".join(self._storage.lines(place))) if self._storage.exists(place) else {}
        return found

    @property
    def checkpointed_version(self) -> int:
        """The version of the newest checkpoint, -1 before the first."""
        return int(self._checkpoint.get("version", -1))

    def commit(self, version: int) -> Commit:
        if version not in self._read:
            info = self._info(version)
            operation = info.get("operation", "")
            restored = self._restored(version, info) if operation == "RESTORE" else None
            self._read[version] = Commit(
                version, info.get("timestamp", 0), operation, restored, _metadata_of(info.get("userMetadata"))
            )
        return self._read[version]

    def _restored(self, version: int, info: dict[str, Any]) -> int:
        """
        The version that a restore has put the table back to. One to a timestamp does not name it: it is the newest
        whose files differ from those before the restore by just what the restore has added and removed.
        """
        named = info.get("operationParameters", {}).get("version")
        if named is not None:
            return int(named)
        gone, back = self._files(version)
        older = version - 1
        # Files that the older version has and the one before the restore does not, and the other way round.
        only_older: set[str] = set()
        only_newer: set[str] = set()
        for removed, added in self._files_before(version):
            if (only_older, only_newer) == (back, gone):
                break
            only_older, only_newer = (
                (only_older - added) | (removed - only_newer),
                (only_newer - removed) | (added - only_older),
            )
            older -= 1
        return older

    def _files_before(self, version: int) -> Iterator[tuple[set[str], set[str]]]:
        """As `_files`, of the versions before one, newest first; of a year there are ten thousand."""
        oldest = self.versions()[-1]
        with ThreadPoolExecutor(READ_AT_ONCE) as readers:
            for newest in range(version - 1, oldest - 1, -READ_AT_ONCE):
                yield from readers.map(self._files, range(newest, max(newest - READ_AT_ONCE, oldest - 1), -1))

    def _files(self, version: int) -> tuple[set[str], set[str]]:
        """Files that a version removed and added; with the deletion vectors that make others of them."""
        found: dict[str, set[str]] = {"remove": set(), "add": set()}
        for line in self._storage.lines(self._file(version)):
            for kind, action in json.loads(line).items():
                if kind in found:
                    found[kind].add(f"{action['path']} {json.dumps(action.get('deletionVector'), sort_keys=True)}")
        return found["remove"], found["add"]

    def _info(self, version: int) -> dict[str, Any]:
        lines = self._storage.lines(self._file(version))
        return next((json.loads(line)["commitInfo"] for line in lines if '"commitInfo"' in line), {})

    def changed_partitions(self, version: int) -> list[str]:
        """Values of the partition column at which a version added or removed rows."""
        lines = self._storage.lines(self._file(version))
        actions = (action for line in lines for action in json.loads(line).values())
        changes = (action for action in actions if isinstance(action, dict) and action.get("dataChange"))
        values = (value for change in changes for value in change.get("partitionValues", {}).values())
        return sorted({value for value in values if value is not None})

    def deleted_files(self, version: int) -> int:
        """How many files the VACUUM deleted whose end this version is."""
        return int(self._info(version)["operationMetrics"]["numDeletedFiles"])

    def checkpointed_sequence(self) -> int:
        """The highest `txnVersion` up to the newest checkpoint, which remembers it when the commits are gone."""
        if self.checkpointed_version < 0:
            return 0
        name, parts = f"{self._folder}/{self.checkpointed_version:020d}.checkpoint", self._checkpoint.get("parts")
        numbered = [f".{part:010d}.{parts:010d}" for part in range(1, parts + 1)] if parts else [""]
        files = [f"{name}{number}.parquet" for number in numbered]
        row = self._spark.read.parquet(*files).agg(F.max("txn.version").alias("sequence")).collect()[0]
        return int(row["sequence"] or 0)


def _metadata_of(user_metadata: str | None) -> dict[str, Any]:
    if not user_metadata:
        return {}
    try:
        metadata = json.loads(user_metadata)
    except ValueError:
        return {}
    return metadata if isinstance(metadata, dict) else {}
