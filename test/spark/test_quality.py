"""The gate: every rule of every contract can be broken, and halts what it has to halt and nothing else."""

import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from events import event
from lakehouse import Lakehouse, Line
from tideline_jobs.engine.quality import Rule, count_duplicates, halting, measures, rules_of, verdict
from tideline_jobs.model.contracts import Contract, all_contracts
from tideline_jobs.model.errors import BuildError
from tideline_jobs.tables.delta import Table

HOUR = ("2025-01-18T10", "2025-01-18T11")
CONTRACTS = [contract for contract in all_contracts().values() if rules_of(contract)]
ROWS = 10


def _good(rules: list[Rule], name: str, kind: str, number: int) -> Any:
    """A value that no rule of its column breaks, another one for each number where the column is a key."""
    arguments = {key: value for rule in rules if rule.column == name for key, value in rule.arguments.items()}
    if "validValues" in arguments:
        return arguments["validValues"][0]
    if "pattern" in arguments:
        return "v2.1"
    lowest, highest = arguments.get("minimum", 0), arguments.get("maximum")
    within = lowest + (number if highest is None else number % (int(highest - lowest) + 1))
    by_kind: dict[str, Any] = {
        "string": f"{name} {number}",
        "timestamp": datetime(2025, 1, 18, number),
        "date": date(2025, 1, 10 + number),
        "boolean": True,
        "int": within,
        "bigint": within,
        "double": float(within),
    }
    return by_kind[kind] if kind in by_kind else Decimal(within)


def _bad(rule: Rule) -> Any:
    """A value that breaks the rule."""
    if rule.metric == "nullValues":
        return None
    if rule.metric == "missingValues":
        return ""
    return rule.arguments["minimum"] - 1 if "minimum" in rule.arguments else "no such value"


def _broken_once(rule: Rule, row: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    if rule.metric == "duplicateValues":
        return row | {key: other[key] for key in rule.keys}
    like, bad = row[str(rule.column)], _bad(rule)
    return row | {str(rule.column): bad if bad is None else type(like)(bad)}


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.product)
def test_each_rule_alone_halts_if_it_is_critical_or_an_error(spark: SparkSession, contract: Contract) -> None:
    rules = rules_of(contract)
    columns = contract.columns
    whole = [{name: _good(rules, name, kind, n) for name, kind in columns.items()} for n in range(ROWS)]
    cases: dict[str, list[dict[str, Any]]] = {"none": whole}
    for number, rule in enumerate(rules):
        if rule.metric not in ("rowCount", "validShare"):
            cases[str(number)] = [*whole[1:], _broken_once(rule, whole[0], whole[1])]
    schema = ", ".join(f"`{name}` {kind}" for name, kind in columns.items())
    rows = [(case, *(row[name] for name in columns)) for case, rows in cases.items() for row in rows]
    frame = spark.createDataFrame(rows, f"case STRING, {schema}")
    counted = {row["case"]: row.asDict() for row in frame.groupBy("case").agg(*measures(rules, F.lit(True))).collect()}
    repeated = {
        number: {case: count_duplicates(frame.where(F.col("case") == case), F.col("case"), rule.keys) for case in cases}
        for number, rule in enumerate(rules)
        if rule.metric == "duplicateValues"
    }

    def told(case: str, counts: dict[str, Any]) -> tuple[list[int], str | None]:
        found = {number: by_case.get(case, {}).get(case, 0) for number, by_case in repeated.items()}
        quality = verdict(rules, counts, found)
        return [n for n, check in enumerate(quality.checks) if not check.passed], halting(rules, quality)

    assert told("none", counted["none"]) == ([], None)
    for number, rule in enumerate(rules):
        special = {"rowCount": {}, "validShare": {"rows": 90, "quarantined": 10}}
        broken, reason = told(str(number), special.get(rule.metric) or counted.get(str(number), {}))
        # A null is also what `missingValues` counts.
        both = [(rule.metric, rule.column, other.metric, other.column) for other in rules]
        also = [n for n, pair in enumerate(both) if pair == ("nullValues", rule.column, "missingValues", rule.column)]
        assert broken == sorted([number, *also]), rule
        assert (reason is not None) == (rule.body["severity"] in ("critical", "error")), rule
        assert reason is None or str(rule) in reason


@pytest.mark.parametrize(
    "body",
    [
        {"metric": "nullValues", "mustBee": 0, "severity": "critical"},
        {"metric": "nullValues", "mustBe": 0, "mustBeLessThan": 1},
        {"metric": "nulValues", "mustBe": 0},
        {"metric": "nullValues", "mustBe": 0, "severity": "fatal"},
    ],
    ids=["no operator", "two operators", "unknown metric", "unknown severity"],
)
def test_a_rule_that_says_nothing_is_no_rule_that_holds(body: dict[str, Any]) -> None:
    document = {"schema": [{"properties": [{"name": "id", "quality": [body]}]}]}
    with pytest.raises(BuildError) as failure:
        rules_of(Contract("silver.trips", {"id": "string"}, document))
    assert failure.value.kind == "BAD_INPUT"


def _lines(good: int, broken: int, at: str = "2025-01-18T10") -> list[Line]:
    whole = [event(f"{at} {n}", "trip_requested", f"{at}:00:00.000Z") for n in range(good)]
    return [*whole, *[f"broken {n}" for n in range(broken)]]


def test_an_hour_with_too_many_broken_lines_is_held_back_and_its_lines_are_seen(lakehouse: Lakehouse) -> None:
    lakehouse.land("2025-01-18T10", _lines(951, 49))
    lakehouse.land("2025-01-18T11", _lines(949, 51, "2025-01-18T11"))
    result = lakehouse.must_build("bronze.events", "2025-01-18T10", "2025-01-18T12")
    assert [(i["interval"], i["rowsPublished"]) for i in result["intervals"]] == [("2025-01-18T10", 951)]
    [held] = result["heldBack"]
    assert held["interval"] == "2025-01-18T11"
    assert "validShare(table) mustBeGreaterOrEqualTo 95 %: 51 of 1000 rows" in held["reason"]
    assert lakehouse.table("bronze.events").count() == 951
    assert lakehouse.table("bronze.events_quarantine").count() == 100


def test_an_hour_that_breaks_later_keeps_its_earlier_build_and_is_built_again_when_it_is_right(
    lakehouse: Lakehouse,
) -> None:
    lakehouse.land(HOUR[0], _lines(100, 0))
    first = lakehouse.must_build("bronze.events", *HOUR)
    lakehouse.land(HOUR[0], _lines(100, 0), _lines(0, 10))
    halted = lakehouse.build("bronze.events", *HOUR)
    assert halted["error"]["kind"] == "QUALITY_FAILED"
    assert "2025-01-18T10: broken rules: validShare" in halted["error"]["message"]
    assert lakehouse.table("bronze.events").count() == 100
    assert lakehouse.table("bronze.events_quarantine").count() == 10
    assert halted["outputVersion"] == 0 < first["outputVersion"]
    lakehouse.land(HOUR[0], _lines(100, 0), _lines(0, 1))
    assert lakehouse.must_build("bronze.events", *HOUR)["intervals"][0]["rowsQuarantined"] == 1
    assert lakehouse.table("bronze.events_quarantine").count() == 1


def test_a_share_of_few_lines_is_told_and_is_no_verdict(lakehouse: Lakehouse) -> None:
    lakehouse.land(HOUR[0], _lines(1, 2))
    result = lakehouse.must_build("bronze.events", *HOUR)
    [check] = [check for check in result["quality"]["checks"] if check["name"] == "validShare"]
    assert (check["passed"], check["failedRows"], check["totalRows"]) == (False, 2, 3)
    assert (result["intervals"][0]["rowsPublished"], result["heldBack"]) == (1, [])


def test_an_hour_never_published_is_not_taken_for_published_when_others_of_its_job_are(lakehouse: Lakehouse) -> None:
    run = ("2025-01-18T10", "2025-01-18T12")
    lakehouse.land(run[0], _lines(100, 0))
    lakehouse.land("2025-01-18T11", _lines(0, 100))
    for _ in range(2):
        result = lakehouse.must_build("bronze.events", *run)
        assert [held["interval"] for held in result["heldBack"]] == ["2025-01-18T11"]
        assert [counts["interval"] for counts in result["intervals"]] == ["2025-01-18T10"]
    lakehouse.land("2025-01-18T11", _lines(100, 0, "2025-01-18T11"))
    assert len(lakehouse.must_build("bronze.events", *run)["intervals"]) == 2
    assert lakehouse.table("bronze.events_quarantine").count() == 0


def _trip(trip_id: str, day: int, status: str) -> list[Line]:
    at = f"2025-01-{day}T10"
    steps = {"trip_started": "00", "trip_completed": "30"}
    return [
        event(f"{at} {name}", name, f"{at}:{minute}:00.000Z", trip_id=trip_id, status=status)
        for name, minute in steps.items()
    ]


DAYS = ("2025-01-17", "2025-01-20")


def _outcome(result: dict[str, Any]) -> tuple[list[str], list[str]]:
    return [each["interval"] for each in result["intervals"]], [each["interval"] for each in result["heldBack"]]


def test_one_odd_trip_holds_back_its_date_alone(lakehouse: Lakehouse) -> None:
    for day, status in {17: "COMPLETED", 18: "LOST", 19: "COMPLETED"}.items():
        hour = f"2025-01-{day}T10"
        # Among so many other events bronze takes two odd ones.
        lakehouse.land(hour, [*_lines(300, 0, hour), *_trip(f"trip of {day}", day, status)])
        lakehouse.must_build("bronze.events", hour, f"2025-01-{day}T11")
    result = lakehouse.must_build("silver.trips", *DAYS)
    assert _outcome(result) == (["2025-01-17", "2025-01-19"], ["2025-01-18"])
    assert "invalidValues(status) mustBeLessOrEqualTo 0.1 %: 1 of 1 rows" in result["heldBack"][0]["reason"]
    assert [row["trip_id"] for row in lakehouse.rows("silver.trips")] == ["trip of 17", "trip of 19"]
    assert result["quality"]["score"] == 1


def test_what_the_warehouse_copies_is_what_was_published(lakehouse: Lakehouse) -> None:
    trips = [
        {"trip_id": str(day), "trip_date": f"2025-01-{day}", "status": status}
        for day, status in {17: "COMPLETED", 18: "LOST", 19: "COMPLETED"}.items()
    ]
    lakehouse.put("silver.trips", trips)
    first = lakehouse.must_build("gold.trips", *DAYS, build_id="same")
    assert _outcome(first) == (["2025-01-17", "2025-01-19"], ["2025-01-18"])
    manifest = json.loads(Path(first["exportManifest"].removeprefix("file:")).read_text())
    copied = lakehouse.spark.read.parquet(*[entry["url"] for entry in manifest["entries"]])
    assert sorted(row["trip_id"] for row in copied.collect()) == ["17", "19"]
    assert lakehouse.must_build("gold.trips", *DAYS, build_id="same") == first


def test_a_build_that_yields_to_a_newer_one_tells_its_verdicts_and_exports_nothing(
    lakehouse: Lakehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = [{"trip_id": str(day), "trip_date": f"2025-01-{day}"} for day in (17, 18, 19)]
    lakehouse.put("silver.trips", [trip | {"status": "LOST"} if trip["trip_id"] == "18" else trip for trip in days])
    original = Table.commit

    def commit_after_a_newer_build(self: Table, *arguments: Any) -> int | None:
        monkeypatch.setattr(Table, "commit", original)
        lakehouse.put("silver.trips", days)
        assert len(lakehouse.must_build("gold.trips", *DAYS, generation=2)["intervals"]) == 3
        return original(self, *arguments)

    monkeypatch.setattr(Table, "commit", commit_after_a_newer_build)
    result = lakehouse.must_build("gold.trips", *DAYS)
    assert _outcome(result) == (["2025-01-17", "2025-01-18", "2025-01-19"], [])
    assert result["exportManifest"] is None
    assert len(lakehouse.rows("gold.trips")) == 3


def test_the_verdict_on_a_date_does_not_depend_on_what_else_the_job_builds(lakehouse: Lakehouse) -> None:
    """A trip id that starts again two dates later is a row of either date: built together or alone."""
    restarted = [{"trip_id": "twice", "trip_date": f"2025-01-{day}"} for day in (17, 19)]
    lakehouse.put("silver.trips", [*restarted, *[{"trip_id": "copied", "trip_date": "2025-01-18"}] * 2])
    result = lakehouse.must_build("gold.trips", *DAYS)
    assert _outcome(result) == (["2025-01-17", "2025-01-19"], ["2025-01-18"])


def test_a_table_that_is_replaced_as_a_whole_has_one_verdict(
    lakehouse: Lakehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "tideline_jobs.kinds.reference_data.read_seed", lambda _: "city_id,city_name,country,timezone\n,a,b,c\n"
    )
    result = lakehouse.build("gold.dim_city", *DAYS)
    assert result["error"]["kind"] == "QUALITY_FAILED"
    assert "missingValues(city_id) mustBe 0: 1 of 1 rows" in result["error"]["message"]
