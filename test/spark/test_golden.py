"""What both languages must agree on: the files in test/golden are read by the TypeScript tests too."""

import json
from pathlib import Path
from typing import Any

import pytest

from tideline_jobs.kinds.raw_lines.parse import LATE_HOURS
from tideline_jobs.model import contracts
from tideline_jobs.model.contracts import Contract
from tideline_jobs.model.errors import BuildError
from tideline_jobs.model.intervals import keys_between, parse_key, shift_key
from tideline_jobs.model.results import (
    BuildReport,
    Check,
    HeldBack,
    IntervalCounts,
    MaintenanceReport,
    Quality,
    RestoreReport,
    fill_report,
    maintenance_document,
    restore_document,
    result_document,
)

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
INTERVALS = json.loads((GOLDEN / "intervals.json").read_text("utf-8"))
RESULTS = json.loads((GOLDEN / "results.json").read_text("utf-8"))


def _identity(document: dict[str, Any], *more: str) -> dict[str, Any]:
    return {name: document[name] for name in ("product", *more, "codeVersion")}


def _build_identity(document: dict[str, Any]) -> dict[str, Any]:
    return _identity(document, "buildId", "generation", "start", "end")


def test_intervals_are_those_of_the_orchestrator() -> None:
    for grain, key, steps, expected in INTERVALS["shifted"]:
        assert shift_key(grain, key, steps) == expected
    for grain, start, end, expected in INTERVALS["runs"]:
        assert keys_between(grain, start, end) == expected


@pytest.mark.parametrize("window", INTERVALS["windows"])
def test_a_build_reads_the_dates_that_the_orchestrator_thinks(
    monkeypatch: pytest.MonkeyPatch, window: list[Any]
) -> None:
    grain, start, end, date, *expected = window

    def contract(*properties: dict[str, Any]) -> Contract:
        return Contract("silver.read", {}, {"customProperties": list(properties)})

    monkeypatch.setattr(contracts, "contract_of", lambda _: contract({"property": "grain", "value": grain}))
    read = {"product": "silver.read", "fromOffset": start, "toOffset": end}
    days = contract({"property": "inputs", "value": [read]}).days_read("silver.read")
    assert [shift_key("date", date, day) for day in (days[0], days[-1])] == expected


def test_an_event_is_late_when_the_daily_batch_no_longer_looks_for_it() -> None:
    assert INTERVALS["lateAfterHours"] == LATE_HOURS


@pytest.mark.parametrize(("grain", "key"), INTERVALS["refused"])
def test_what_is_no_interval_is_refused(grain: Any, key: str) -> None:
    with pytest.raises(BuildError, match="is no"):
        parse_key(grain, key)


def test_a_build_is_told_as_the_orchestrator_reads_it() -> None:
    report = BuildReport(
        intervals=[IntervalCounts("2025-01-18", 10, 8, 1, 1, changed=True)],
        held_back=[HeldBack("2025-01-19", "nullValues(trip_id) mustBe 0")],
        quality=Quality(
            0.95,
            (
                Check("nullValues(trip_id) mustBe 0", "trip_id", 1, 18, passed=False),
                Check("rowCount(table) mustBeGreaterThan 0", None, 0, 18, passed=True),
            ),
        ),
        input_versions={"silver.trips": 4},
        newest_events={"2025-01-18": "2025-01-18T23:59:58.123Z"},
        orphan_events={"2025-01-18": 4},
        output_version=12,
        changed_partitions=["2025-01-18"],
        export_manifest="s3://lake/_staging/gold.trips/m6a1/manifest.json",
        schema_drift=["payload.tip"],
        schema_drift_count=1,
        status="published",
    )
    expected = RESULTS["build"]
    assert result_document(_build_identity(expected), report, None) == expected
    kept = BuildReport(
        output_version=12,
        changed_partitions=["2025-01-18"],
        export_manifest=report.export_manifest,
        status="published",
    )
    fill_report(kept, expected)
    assert result_document(_build_identity(expected), kept, None) == expected


def test_a_failure_is_told_as_the_orchestrator_reads_it() -> None:
    expected = RESULTS["failed"]
    error = BuildError("QUALITY_FAILED", "no line of 2025-01-18T03 is an event")
    assert result_document(_build_identity(expected), BuildReport(status="published"), error) == expected


def test_maintenance_and_restore_are_told_as_the_orchestrator_reads_them() -> None:
    expected = RESULTS["maintenance"]
    report = MaintenanceReport(9, 3, 40, 3, 5_000_000, 4_000_000, 72, 2, "2025-01-12T03:30:00Z")
    assert maintenance_document(_identity(expected, "maintenanceId"), report, None) == expected
    expected = RESULTS["restore"]
    restored = RestoreReport(4, 9, ["2025-01-17"], None, "2025-01-17", "2025-01-18")
    error = BuildError("CONFLICT", "the table was written meanwhile")
    assert restore_document(_identity(expected, "restoreId"), restored, error) == expected
