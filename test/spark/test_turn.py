"""Whose turn it is to commit where several builds write one table."""

from collections.abc import Callable, Iterator
from threading import Thread
from time import monotonic, sleep

import pytest
from pyspark.sql import SparkSession

from lakehouse import Lakehouse
from tideline_jobs.model.contracts import contract_of
from tideline_jobs.tables import turn
from tideline_jobs.tables.delta import Table, staging_folder, until_committed
from tideline_jobs.tables.snapshot import Snapshot
from tideline_jobs.tables.storage import Storage

PRODUCT = "gold.dim_city"


@pytest.fixture
def table(lakehouse: Lakehouse, monkeypatch: pytest.MonkeyPatch) -> Table:
    monkeypatch.setattr(turn, "_PAUSE_SECONDS", 0.02)
    monkeypatch.setattr(turn, "LEAST_SECONDS", 30.0)
    made = Table(lakehouse.spark, contract_of(PRODUCT), lakehouse.lake)
    made.ensure()
    return made


def _beside(work: Callable[[], object]) -> Thread:
    thread = Thread(target=work, daemon=True)
    thread.start()
    sleep(0.2)
    return thread


def test_who_has_lost_writes_next_and_the_others_wait(lakehouse: Lakehouse, table: Table) -> None:
    seen: list[str] = []
    rivals: list[Thread] = []

    def rival(_: Snapshot) -> int:
        seen.append("rival")
        return 2

    def lose_then_commit(_: Snapshot) -> int | None:
        seen.append("writes")
        if seen == ["writes"]:
            assert lakehouse.staged(PRODUCT) == []
            return None
        rivals.append(_beside(lambda: until_committed(table, rival)))
        seen.append("commits")
        return 1

    assert until_committed(table, lose_then_commit) == 1
    rivals[0].join()
    assert seen == ["writes", "writes", "commits", "rival"]
    assert lakehouse.staged(PRODUCT) == []


def test_a_build_that_fails_gives_its_turn_back(lakehouse: Lakehouse, table: Table) -> None:
    outcomes: Iterator[int | None] = iter([None])
    with pytest.raises(StopIteration):
        until_committed(table, lambda _: next(outcomes))
    assert lakehouse.staged(PRODUCT) == []


def test_who_waited_sees_what_was_committed_meanwhile(table: Table) -> None:
    seen: list[int] = []

    def see(snapshot: Snapshot) -> int:
        seen.append(snapshot.version)
        return 1

    with table.turn() as other:
        other.take()
        waiting = _beside(lambda: until_committed(table, see))
        table.commit(table.read(0), None, table.snapshot(), {"buildId": "b", "generation": 0, "start": "", "end": ""})
        assert seen == []
    waiting.join()
    assert seen == [1]


def test_the_turn_of_a_dead_build_ends(
    spark: SparkSession, lakehouse: Lakehouse, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turn, "LEAST_SECONDS", 0.3)
    fresh = Table(spark, table.contract, lakehouse.lake)
    Storage(spark).write_text(f"{staging_folder(lakehouse.lake, PRODUCT)}/commit-turn", "of a killed driver")
    begun = monotonic()
    assert until_committed(fresh, lambda _: 1) == 1
    assert monotonic() - begun >= 0.3
    assert lakehouse.staged(PRODUCT) == []


def test_nobody_takes_the_turn_from_builds_that_come_one_after_the_other(
    spark: SparkSession, lakehouse: Lakehouse, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turn, "LEAST_SECONDS", 0.3)
    fresh = Table(spark, table.contract, lakehouse.lake)
    names = iter(range(1_000_000))
    monkeypatch.setattr(Storage, "text", lambda *_: f"build {next(names)}")
    deleted: list[str] = []
    monkeypatch.setattr(Storage, "delete", lambda _, uri: deleted.append(uri))
    assert until_committed(fresh, lambda _: 1) == 1
    assert deleted == []


def test_no_error_of_the_store_about_the_turn_ends_a_build(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turn, "LEAST_SECONDS", 0.3)
    with turn.CommitTurn(Storage(spark), "nowhere://lake/commit-turn", monotonic()) as asked:
        asked.wait()
        asked.take()
