"""Publishing: what a second build, an older build, a bad build and a build at the same moment do to a table."""

import itertools
import json
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from events import event
from lakehouse import Lakehouse, Line
from tideline_jobs.engine.changes import changed_keys
from tideline_jobs.engine.staging import Staging
from tideline_jobs.kinds import reference_data
from tideline_jobs.kinds.raw_lines import stage
from tideline_jobs.kinds.raw_lines.lines import RawHours
from tideline_jobs.model.contracts import contract_of
from tideline_jobs.tables import delta
from tideline_jobs.tables.delta import Table

HOUR = ("2025-01-18T10", "2025-01-18T11")
DAY = ("2025-01-18", "2025-01-19")


def _requested(event_id: str, at: str) -> dict[str, Any]:
    return event(event_id, "trip_requested", at)


SHARED = _requested("shared", "2025-01-18T09:59:00.000Z")
ARRIVALS: dict[str, list[Line]] = {
    "2025-01-18T10": [SHARED, _requested("a", "2025-01-18T10:00:00.000Z"), "broken"],
    "2025-01-18T11": [SHARED, _requested("b", "2025-01-18T11:00:00.000Z"), _requested("b", "2025-01-18T11:00:00.000Z")],
    "2025-01-18T12": [SHARED, _requested("b", "2025-01-18T11:00:00.000Z"), _requested("c", "2025-01-17T23:59:59.999Z")],
}


def _land(lakehouse: Lakehouse) -> None:
    for hour, lines in ARRIVALS.items():
        lakehouse.land(hour, lines)


def _next(hour: str) -> str:
    return f"{hour[:-2]}{int(hour[-2:]) + 1:02d}"


def _where_events_came_from(lakehouse: Lakehouse) -> list[tuple[str, int]]:
    return sorted((row["event_id"], row["arrival_hour"].hour) for row in lakehouse.table("bronze.events").collect())


@pytest.mark.parametrize("order", [(1, 2, 0), (2, 0, 1), (2, 1, 0)])
def test_hours_built_in_any_order_give_the_same_table(lakehouse: Lakehouse, order: tuple[int, ...]) -> None:
    _land(lakehouse)
    for hour in [list(ARRIVALS)[place] for place in order]:
        lakehouse.must_build("bronze.events", hour, _next(hour))
    assert _where_events_came_from(lakehouse) == [("a", 10), ("b", 11), ("c", 12), ("shared", 10)]


def test_a_run_of_hours_gives_the_same_table_and_counts_its_duplicates_in_the_later_hour(lakehouse: Lakehouse) -> None:
    _land(lakehouse)
    result = lakehouse.must_build("bronze.events", "2025-01-18T10", "2025-01-18T13")
    counts = [(i["rowsIn"], i["rowsPublished"], i["rowsDuplicate"], i["rowsQuarantined"]) for i in result["intervals"]]
    assert counts == [(3, 2, 0, 1), (3, 1, 2, 0), (3, 1, 2, 0)]
    assert _where_events_came_from(lakehouse) == [("a", 10), ("b", 11), ("c", 12), ("shared", 10)]


def test_a_rebuild_of_an_hour_leaves_one_copy_and_commits_only_what_changed(lakehouse: Lakehouse) -> None:
    lakehouse.land(HOUR[0], [SHARED])
    lakehouse.must_build("bronze.events", *HOUR)
    unchanged = lakehouse.must_build("bronze.events", *HOUR)
    assert (unchanged["status"], unchanged["intervals"][0]["changed"]) == ("unchanged", False)
    assert lakehouse.versions("bronze.events") == 2
    lakehouse.land(HOUR[0], [SHARED], [_requested("late file", "2025-01-18T10:30:00.000Z")])
    changed = lakehouse.must_build("bronze.events", *HOUR)
    assert (changed["status"], changed["intervals"][0]["changed"]) == ("published", True)
    assert _where_events_came_from(lakehouse) == [("late file", 10), ("shared", 10)]


def test_an_hour_of_the_same_files_is_read_again_only_when_somebody_asks_for_it(
    lakehouse: Lakehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    _land(lakehouse)
    lakehouse.must_build("bronze.events", *HOUR)
    staged: list[list[str]] = []
    original = stage.read_lines

    def read_lines(spark: SparkSession, raw: RawHours) -> DataFrame:
        staged.append(list(raw.by_hour))
        return original(spark, raw)

    monkeypatch.setattr(stage, "read_lines", read_lines)
    both = lakehouse.must_build("bronze.events", "2025-01-18T10", "2025-01-18T12")
    assert [(counts["rowsPublished"], counts["changed"]) for counts in both["intervals"]] == [(2, False), (1, True)]
    asked = lakehouse.must_build("bronze.events", *HOUR, rebuild=True)
    assert (asked["status"], asked["intervals"]) == ("unchanged", both["intervals"][:1])
    assert staged == [["2025-01-18T11"], ["2025-01-18T10"]]


def test_an_hour_that_lost_events_to_an_earlier_one_is_counted_anew(lakehouse: Lakehouse) -> None:
    _land(lakehouse)
    later = ("2025-01-18T11", "2025-01-18T12")
    assert lakehouse.must_build("bronze.events", *later)["intervals"][0]["rowsDuplicate"] == 1
    lakehouse.must_build("bronze.events", *HOUR)
    [counts] = lakehouse.must_build("bronze.events", *later)["intervals"]
    assert (counts["rowsPublished"], counts["rowsDuplicate"], counts["changed"]) == (1, 2, False)


def test_a_second_publish_of_a_build_does_nothing_and_answers_like_the_first(lakehouse: Lakehouse) -> None:
    _land(lakehouse)
    first = lakehouse.must_build("bronze.events", *HOUR, build_id="same")
    lakehouse.land(HOUR[0], [])
    assert lakehouse.must_build("bronze.events", *HOUR, build_id="same") == first
    assert lakehouse.versions("bronze.events") == 2


def test_a_build_of_a_lower_generation_leaves_what_a_higher_one_published(lakehouse: Lakehouse) -> None:
    _land(lakehouse)
    newer = lakehouse.must_build("bronze.events", *HOUR, generation=7)
    before = lakehouse.rows("bronze.events")
    lakehouse.land(HOUR[0], [])
    older = lakehouse.must_build("bronze.events", *HOUR, generation=6)
    assert (older["status"], older["outputVersion"]) == ("unchanged", newer["outputVersion"])
    assert "the newer build" in older["message"]
    assert lakehouse.rows("bronze.events") == before


@pytest.mark.parametrize("while_it_runs", [False, True])
@pytest.mark.parametrize("dates", [("2025-01-18", "2025-01-19"), ("2025-01-19", "2025-01-21")])
def test_a_build_of_reference_data_that_yields_puts_no_old_seed_back_and_gives_the_warehouse_nothing_to_load(
    lakehouse: Lakehouse, monkeypatch: pytest.MonkeyPatch, dates: tuple[str, str], while_it_runs: bool
) -> None:
    original = Staging.write
    seed = "city_id,city_name,country,timezone\nnew,New City,XX,UTC\n"

    def publish_newer() -> None:
        monkeypatch.setattr(Staging, "write", original)
        with monkeypatch.context() as deployed:
            deployed.setattr(reference_data, "read_seed", lambda _: seed)
            lakehouse.must_build("gold.dim_city", *dates, generation=7)

    def write_after_a_newer_build(self: Staging, rows: DataFrame, *, exported: bool) -> None:
        publish_newer()
        original(self, rows, exported=exported)

    if while_it_runs:
        monkeypatch.setattr(Staging, "write", write_after_a_newer_build)
    else:
        publish_newer()
    older = lakehouse.must_build("gold.dim_city", *DAY, generation=6)
    assert (older["status"], older["exportManifest"]) == ("unchanged", None)
    assert [(i["interval"], i["rowsPublished"], i["changed"]) for i in older["intervals"]] == [(DAY[0], 1, False)]
    assert [row["city_id"] for row in lakehouse.rows("gold.dim_city")] == ["new"]


def test_a_quality_failure_publishes_nothing(lakehouse: Lakehouse) -> None:
    lakehouse.land(HOUR[0], [event(f"e{n}", "no_such_event", "2025-01-18T10:00:00.000Z") for n in range(3)])
    result = lakehouse.build("bronze.events", *HOUR)
    assert (result["status"], result["error"]["kind"]) == ("failed", "QUALITY_FAILED")
    assert "invalidValues(event_name) mustBeLessOrEqualTo 1 %: 3 of 3 rows" in result["error"]["message"]
    assert lakehouse.rows("bronze.events") == []
    assert [check["column"] for check in result["quality"]["checks"] if not check["passed"]] == ["event_name"]


def test_a_commit_between_reading_and_publishing_is_seen_by_a_second_try(
    lakehouse: Lakehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    _land(lakehouse)
    original = Table.commit
    rivals: Iterator[tuple[str, str]] = iter([HOUR])

    def commit_after_a_rival(self: Table, *arguments: Any) -> int | None:
        rival = next(rivals, None) if self.contract.product == "bronze.events" else None
        if rival:
            monkeypatch.setattr(Table, "commit", original)
            lakehouse.must_build("bronze.events", *rival)
        return original(self, *arguments)

    monkeypatch.setattr(Table, "commit", commit_after_a_rival)
    result = lakehouse.must_build("bronze.events", "2025-01-18T11", "2025-01-18T12")
    assert result["intervals"][0]["rowsDuplicate"] == 2
    assert _where_events_came_from(lakehouse) == [("a", 10), ("b", 11), ("shared", 10)]


def test_a_commit_in_the_midst_of_writing_is_seen_by_a_second_try(
    lakehouse: Lakehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _land(lakehouse)
    lakehouse.must_build("bronze.events", "2025-01-18T12", "2025-01-18T13")
    original = Table.commit
    writing, rival_is_done = tmp_path / "writing", tmp_path / "rival is done"
    tried: list[int | None] = []

    @F.udf("boolean")
    def wait_for_rival(_: Any) -> bool:
        writing.touch()
        while not rival_is_done.exists():
            time.sleep(0.01)
        return True

    def compete() -> None:
        while not writing.exists():
            time.sleep(0.01)
        try:
            lakehouse.must_build("bronze.events", *HOUR)
        finally:
            rival_is_done.touch()

    def commit_slowly(self: Table, rows: DataFrame, *arguments: Any) -> int | None:
        if self.contract.product != "bronze.events" or tried:
            return original(self, rows, *arguments)
        tried.append(None)
        rival = Thread(target=compete)
        rival.start()
        # One task, for the rival needs the other core.
        read = lakehouse.spark.createDataFrame(rows.collect(), rows.schema).coalesce(1)
        tried[:] = [original(self, read.where(wait_for_rival("event_id")), *arguments)]
        rival.join()
        return tried[0]

    monkeypatch.setattr(Table, "commit", commit_slowly)
    result = lakehouse.must_build("bronze.events", "2025-01-18T11", "2025-01-18T12")
    assert tried == [None]
    assert result["intervals"][0]["rowsDuplicate"] == 2
    assert _where_events_came_from(lakehouse) == [("a", 10), ("b", 11), ("c", 12), ("shared", 10)]


def test_a_build_that_always_loses_the_race_ends_as_a_conflict(
    lakehouse: Lakehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    _land(lakehouse)
    tries: list[int] = []
    monkeypatch.setattr(delta.Table, "commit", lambda *_: tries.append(1))
    assert lakehouse.build("bronze.events", *HOUR)["error"]["kind"] == "CONFLICT"
    assert len(tries) == delta.MAX_ATTEMPTS


def test_a_column_that_the_contract_has_no_more_is_emptied_once(lakehouse: Lakehouse) -> None:
    _land(lakehouse)
    lakehouse.must_build("bronze.events", *HOUR)
    table = f"delta.`{lakehouse.path('bronze.events')}`"
    lakehouse.spark.sql(f"ALTER TABLE {table} ADD COLUMNS (old STRING)")
    lakehouse.spark.sql(f"UPDATE {table} SET old = 'value'")
    told = [lakehouse.must_build("bronze.events", *HOUR, rebuild=True)["status"] for _ in range(2)]
    assert told == ["published", "unchanged"]
    assert {row["old"] for row in lakehouse.rows("bronze.events")} == {None}


def test_an_hour_without_files_is_published_as_empty_once(lakehouse: Lakehouse) -> None:
    first = lakehouse.must_build("bronze.events", *HOUR)
    assert (first["status"], first["intervals"][0]["rowsIn"], first["intervals"][0]["changed"]) == (
        "published",
        0,
        False,
    )
    assert lakehouse.must_build("bronze.events", *HOUR)["status"] == "unchanged"


def test_a_value_that_moves_to_a_null_beside_it_is_a_change(spark: SparkSession) -> None:
    contract = contract_of("silver.trips")
    nulls = spark.range(1).select(*[F.lit(None).cast(kind).alias(name) for name, kind in contract.columns.items()])
    one = nulls.withColumn("trip_id", F.lit("t")).withColumn("trip_date", F.lit("2025-01-18").cast("date"))
    pairs: dict[str, list[str]] = {}
    for name, kind in contract.columns.items():
        if name not in ("trip_id", "trip_date", "processing_timestamp"):
            pairs.setdefault(kind, []).append(name)
    for kind, names in pairs.items():
        value = F.lit("2025-01-18" if kind == "timestamp" else "true" if kind == "boolean" else "1").cast(kind)
        for left, right in itertools.pairwise(names):
            before, after = one.withColumn(left, value), one.withColumn(right, value)
            assert changed_keys(after, {"2025-01-18": 1}, before, contract) == ["2025-01-18"], (left, right)


def test_what_the_warehouse_loads_is_written_as_redshift_reads_it(lakehouse: Lakehouse) -> None:
    lakehouse.must_build("gold.dim_city", *DAY)
    files = [file.name for file in lakehouse._files("_staging/gold.dim_city/**/*.parquet")]
    assert files
    assert all(".snappy." in name for name in files)


def test_a_job_that_comes_after_the_commit_exports_what_was_published_not_what_the_inputs_have_become(
    lakehouse: Lakehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = lakehouse.must_build("gold.dim_city", *DAY, build_id="same")
    published = lakehouse.rows("gold.dim_city")
    for file in lakehouse.staged("gold.dim_city"):
        file.unlink()
    seed = "city_id,city_name,country,timezone\nnowhere,Nowhere,XX,UTC\n"
    monkeypatch.setattr(reference_data, "read_seed", lambda _: seed)

    again = lakehouse.must_build("gold.dim_city", *DAY, build_id="same")

    assert again == first
    manifest = json.loads(Path(again["exportManifest"].removeprefix("file:")).read_text())
    exported = lakehouse.spark.read.parquet(*(entry["url"] for entry in manifest["entries"]))
    rows = (row.asDict() for row in exported.drop("processing_timestamp").collect())
    assert sorted(rows, key=str) == published
