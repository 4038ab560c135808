"""A table's log: what is found in it, and how little of it is looked at."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from tideline_jobs.model.intervals import parse_key, shift_key
from tideline_jobs.tables.log import Log
from tideline_jobs.tables.snapshot import Snapshot
from tideline_jobs.tables.storage import Storage


def _hour(version: int) -> str:
    return shift_key("hour", "2025-01-01T00", version)


def _at_ms(version: int) -> int:
    return int(parse_key("hour", _hour(version + 1)).timestamp() * 1000)


def _write(folder: Path, version: int, at_ms: int | None = None) -> None:
    """The build of an hour, when that has ended or at another time."""
    identity = {"buildId": f"build-{version}", "sequence": version}
    metadata = {**identity, "start": _hour(version), "end": _hour(version + 1)}
    at = _at_ms(version) if at_ms is None else at_ms
    info = {"timestamp": at, "operation": "WRITE", "userMetadata": json.dumps(metadata)}
    (folder / f"{version:020d}.json").write_text(json.dumps({"commitInfo": info}))


def _snapshot(spark: SparkSession, folder: Path) -> Snapshot:
    log = Log(spark, f"file:{folder}")
    return Snapshot(log, log.versions())


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names that the log was asked for; nobody may list it."""
    names: list[str] = []
    original = Storage.exists

    def exists(self: Storage, uri: str) -> bool:
        names.append(uri.rsplit("/", 1)[-1])
        return original(self, uri)

    monkeypatch.setattr(Storage, "exists", exists)
    monkeypatch.setattr(Storage, "files", lambda *_: pytest.fail("the log was listed"))
    return names


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that were read."""
    names: list[str] = []
    original = Storage.lines

    def lines(self: Storage, uri: str) -> Iterator[str]:
        names.append(uri.rsplit("/", 1)[-1])
        return original(self, uri)

    monkeypatch.setattr(Storage, "lines", lines)
    return names


def test_a_long_log_is_read_from_its_last_checkpoint_without_being_listed(
    spark: SparkSession, tmp_path: Path, asked: list[str]
) -> None:
    folder = tmp_path / "_delta_log"
    folder.mkdir()
    for version in range(700, 2004):
        _write(folder, version)
    (folder / "_last_checkpoint").write_text('{"version":2000,"size":9}')
    log = Log(spark, f"file:{tmp_path}")
    snapshot = Snapshot(log, log.versions())
    assert (snapshot.version, snapshot.versions[-1]) == (2003, 700)
    assert len(asked) < 20
    _write(folder, 2004)
    asked.clear()
    snapshot = Snapshot(log, log.versions())
    assert asked == [f"{2004:020d}.json", f"{2005:020d}.json"]
    assert (snapshot.sequence, snapshot.never_built(_hour(9))) == (2004, False)
    for found in (snapshot.find_build("build-2002", _at_ms(2002)), snapshot.last_build(_hour(2002))):
        assert found
        assert found.version == 2002


def test_no_build_of_an_interval_is_looked_for_before_the_interval(
    spark: SparkSession, tmp_path: Path, read: list[str]
) -> None:
    folder = tmp_path / "_delta_log"
    folder.mkdir()
    for version in range(100):
        _write(folder, version)
    snapshot = _snapshot(spark, tmp_path)
    assert snapshot.last_build(_hour(100)) is None
    assert len(read) == 13, "those of the clocks' tolerance, and as many as clocks may be wrong"
    found = snapshot.last_build(_hour(60))
    assert found
    assert found.version == 60


def test_a_table_that_is_maintained_for_a_year_without_a_build_costs_no_more_to_ask(
    spark: SparkSession, tmp_path: Path, read: list[str]
) -> None:
    folder = tmp_path / "_delta_log"
    folder.mkdir()
    _write(folder, 0)
    _write(folder, 1)
    for version in range(2, 734):
        info = {"timestamp": _at_ms(version), "operation": f"VACUUM {'END' if version % 2 else 'START'}"}
        (folder / f"{version:020d}.json").write_text(json.dumps({"commitInfo": info}))
    (folder / "_last_checkpoint").write_text('{"version":730,"size":2}')
    known = spark.createDataFrame([(("bronze.events", 1),), (None,)], "txn struct<appId string, version bigint>")
    known.write.parquet(f"file:{folder}/{730:020d}.checkpoint.parquet")
    assert _snapshot(spark, tmp_path).sequence == 1
    assert read == ["_last_checkpoint", *(f"{version:020d}.json" for version in range(733, 723, -1))]


def test_a_young_log_has_no_checkpoint(spark: SparkSession, tmp_path: Path, asked: list[str]) -> None:
    folder = tmp_path / "_delta_log"
    folder.mkdir()
    for version in range(3):
        _write(folder, version)
    snapshot = _snapshot(spark, tmp_path)
    assert list(snapshot.versions) == [2, 1, 0]
    assert (snapshot.never_built(_hour(9)), snapshot.never_built(_hour(1))) == (True, False)
    assert asked


def test_a_commit_of_a_driver_whose_clock_is_wrong_is_found(spark: SparkSession, tmp_path: Path) -> None:
    folder = tmp_path / "_delta_log"
    folder.mkdir()
    now = 1_737_200_000_000
    for version in range(40):
        _write(folder, version, now + version)
    _write(folder, 40, now - 7_200_000)
    _write(folder, 41, now + 41)
    log = Log(spark, f"file:{tmp_path}")
    snapshot = Snapshot(log, log.versions())
    found = [snapshot.find_build(build, now) for build in ("build-40", "build-41", "build-39")]
    assert [commit and commit.version for commit in found] == [40, 41, 39]
    # What is long over is not looked through for it.
    assert snapshot.find_build("build-1", now + 86_400_000) is None
    assert len([version for version in snapshot.versions if version in log._read]) < 42
