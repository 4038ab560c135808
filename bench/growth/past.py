"""Commits of the past, made after the commit of a real build, as builds and maintenance leave them."""

import json
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

# Files of the past that jobs read are there; of all others the log alone tells.
Files = dict[str, Path]
# Commits that a day leaves in a table: its builds, the compaction of hours, and two of VACUUM.
_COMMITS_A_DAY = {"bronze.events": 27, "silver.trips": 3}
# So many dates change with the batch of a day.
_REACH_DAYS = {"silver.trips": 3, "gold.trips": 5, "gold.fact_hourly_metrics": 5}
_Action = dict[str, Any]


def read_commit(log: Path, version: int) -> list[_Action]:
    return [json.loads(line) for line in (log / f"{version:020d}.json").read_text().splitlines()]


def write_commit(log: Path, version: int, actions: list[_Action]) -> None:
    (log / f"{version:020d}.json").write_text("".join(f"{json.dumps(action)}\n" for action in actions))


@dataclass(frozen=True)
class Template:
    """A build's commit, and the date that it is of."""

    actions: list[_Action]
    day: date

    def _one(self, name: str) -> _Action:
        found: _Action = next(action[name] for action in self.actions if name in action)
        return found

    @cached_property
    def info(self) -> _Action:
        return self._one("commitInfo")

    @cached_property
    def metadata(self) -> _Action:
        found: _Action = json.loads(self.info["userMetadata"])
        return found

    @cached_property
    def file(self) -> _Action:
        return self._one("add")

    def stats(self, day: date) -> str:
        """The file's statistics on another date."""
        moved = day - self.day
        text: str = self.file["stats"]
        return re.sub(r"\d{4}-\d\d-\d\d", lambda at: str(date.fromisoformat(at[0]) + moved), text)


class Past:
    """Appends commits to the log of a table that has been created."""

    def __init__(self, folder: Path, product: str, template: Template, files: Files) -> None:
        self._folder, self._product, self._template, self._files = folder, product, template, files
        [self._partition] = template.file["partitionValues"]
        self._version = self._sequence = self._days = 0
        self._live: dict[str, list[_Action]] = {}
        self._gone: list[_Action] = []

    def _write(self, actions: list[_Action]) -> None:
        self._version += 1
        write_commit(self._folder / "_delta_log", self._version, actions)

    def _commit(self, at: datetime, info: _Action, actions: list[_Action]) -> None:
        at_ms = int(at.timestamp() * 1000)
        known = {name: value for name, value in self._template.info.items() if name != "userMetadata"}
        self._write([{"commitInfo": {**known, "timestamp": at_ms, **info}}, *actions])

    def _added(self, day: date, at: datetime, name: str, changes: bool) -> _Action:
        path = f"{self._partition}={day}/{name}-{self._version + 1:08d}.zstd.parquet"
        size, source = self._template.file["size"], self._files.get(str(day))
        if source:
            file = self._folder / path
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(source.read_bytes())
            size = file.stat().st_size
        return {
            **self._template.file,
            "path": path,
            "partitionValues": {self._partition: str(day)},
            "size": size,
            "modificationTime": int(at.timestamp() * 1000),
            "dataChange": changes,
            "stats": self._template.stats(day),
        }

    def _replaced(self, day: date, at: datetime, name: str, changes: bool) -> list[_Action]:
        """All files of a date give way to one."""
        kept = ("path", "partitionValues", "size")
        gone = [
            {
                "remove": {name: file[name] for name in kept}
                | {"deletionTimestamp": int(at.timestamp() * 1000), "dataChange": changes, "extendedFileMetadata": True}
            }
            for file in self._live.get(str(day), [])
        ]
        self._gone += gone
        self._live[str(day)] = [self._added(day, at, name, changes)]
        return [*gone, {"add": self._live[str(day)][0]}]

    def _build(self, at: datetime, keys: list[str], end: str, actions: list[_Action]) -> None:
        self._sequence += 1
        at_ms = int(at.timestamp() * 1000)
        [counts, *_] = self._template.metadata["intervals"]
        told = self._template.metadata | {
            "buildId": f"past-{self._sequence}",
            "generation": at_ms - 60_000,
            "start": keys[0],
            "end": end,
            "intervals": [counts | {"interval": key} for key in keys],
            "sources": {key: f"past {key}" for key in keys if "T" in key},
            "inputVersions": {
                name: _COMMITS_A_DAY[name] * self._days for name in self._template.metadata["inputVersions"]
            },
            "sequence": self._sequence,
        }
        number = {"txn": {"appId": self._product, "version": self._sequence, "lastUpdated": at_ms}}
        self._commit(at, {"userMetadata": json.dumps(told)}, [number, *actions])

    def _maintenance(self, day: date, compacts: bool) -> None:
        at = datetime.combine(day, time(3, 30), UTC) + timedelta(days=1)
        if compacts:
            self._commit(at, {"operation": "OPTIMIZE"}, self._replaced(day, at, "compact", changes=False))
        for step in ("START", "END"):
            self._commit(at, {"operation": f"VACUUM {step}", "operationMetrics": {"numDeletedFiles": "24"}}, [])

    def state(self) -> tuple[int, list[_Action]]:
        """The newest version, and what its checkpoint has to hold beside the table's properties."""
        number = {"txn": {"appId": self._product, "version": self._sequence, "lastUpdated": 0}}
        files = [{"add": file} for files in self._live.values() for file in files]
        return self._version, [number, *files, *self._gone]

    def repeat(self, commits: list[list[_Action]]) -> None:
        """The commits of a real build, as the next ones."""
        for actions in commits:
            self._sequence += 1
            for action in actions:
                if "txn" in action:
                    action["txn"]["version"] = self._sequence
                if "commitInfo" in action:
                    info = action["commitInfo"]
                    told = json.loads(info["userMetadata"])
                    inputs = {
                        name: version + _COMMITS_A_DAY[name] * self._days
                        for name, version in told["inputVersions"].items()
                    }
                    info["userMetadata"] = json.dumps(told | {"sequence": self._sequence, "inputVersions": inputs})
            self._write(actions)

    def of_hours(self, day: date) -> None:
        """A commit an hour, and the night's compaction."""
        self._days += 1
        for number in range(24):
            hour = datetime.combine(day, time(number), UTC)
            at, end = hour + timedelta(minutes=80), hour + timedelta(hours=1)
            file = self._added(day, at, "hour", changes=True)
            self._live.setdefault(str(day), []).append(file)
            self._build(at, [f"{hour:%Y-%m-%dT%H}"], f"{end:%Y-%m-%dT%H}", [{"add": file}])
        self._maintenance(day, compacts=True)

    def of_dates(self, day: date, first: date) -> None:
        """The night's batch, in which some dates have changed."""
        self._days += 1
        at = datetime.combine(day, time(1, 10), UTC) + timedelta(days=1)
        days = [day - timedelta(days=back) for back in reversed(range(_REACH_DAYS[self._product]))]
        known = [each for each in days if each >= first]
        actions = [action for each in known for action in self._replaced(each, at, "date", changes=True)]
        self._build(at, [str(each) for each in known], str(day + timedelta(days=1)), actions)
        self._maintenance(day, compacts=False)
