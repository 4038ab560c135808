"""Every case beside a contract, run on the real engine: inputs land, the product is built, its rows are compared."""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from lakehouse import Lakehouse
from tideline_jobs.model.contracts import PROCESSED_AT, PROCESSED_ON, contract_of
from tideline_jobs.model.intervals import keys_between, shift_key

PRODUCTS = Path(__file__).resolve().parents[2] / "products"
CASES = sorted(PRODUCTS.glob("*/*/cases/*.yaml"))


def _plain(value: Any) -> Any:
    """Values as a case writes them: decimals and times as text."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")
    if isinstance(value, date | Decimal):
        return str(value)
    if isinstance(value, float):
        return round(value, 9)
    return value


def _only_named(rows: list[dict[str, Any]], expected: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows with the columns that the case speaks of, in the order of their text."""
    names = list(dict.fromkeys(name for row in expected for name in row))
    plain = ({name: _plain(row[name]) for name in names} for row in rows)
    return sorted(plain, key=str) if names else rows


def _must_not_depend_on_the_job(lakehouse: Lakehouse, product: str, start: str, end: str) -> None:
    """A date has the same rows alone as in the middle of a longer run, which reads more."""
    wide = (shift_key("date", start, -3), shift_key("date", end, 3))
    for key in keys_between("date", start, end):
        alone = (key, shift_key("date", key, 1))
        assert lakehouse.modelled(product, alone, job=alone) == lakehouse.modelled(product, alone, job=wide), key


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parts[-4]}.{path.parts[-3]}-{path.stem}")
def test_case(
    lakehouse: Lakehouse, path: Path, pytestconfig: pytest.Config, capsys: pytest.CaptureFixture[str]
) -> None:
    case = yaml.safe_load(path.read_text("utf-8"))
    product = ".".join(path.parts[-4:-2])
    for hour, lines in case.get("raw", {}).items():
        lakehouse.land(hour, lines)
    for name, rows in case.get("inputs", {}).items():
        lakehouse.put(name, rows)
    grain = contract_of(product).grain
    end = case["build"].get("end") or shift_key(grain, case["build"]["start"], 1)
    result = lakehouse.must_build(product, case["build"]["start"], end)
    if contract_of(product).build["kind"] == "sql" and contract_of(product).inputs:
        _must_not_depend_on_the_job(lakehouse, product, case["build"]["start"], end)
    if pytestconfig.getoption("--rows"):
        with capsys.disabled():
            print(f"\n{product}, case {path.stem}:")  # noqa: T201
            lakehouse.table(product).drop(PROCESSED_AT, PROCESSED_ON).show(100, truncate=False)
    for name, expected in case.get("expect", {}).items():
        names = list(dict.fromkeys(column for row in expected for column in row))
        complete = [{column: _plain(row.get(column)) for column in names} for row in expected]
        assert _only_named(lakehouse.rows(name), expected) == sorted(complete, key=str), name
    for name, some in case.get("among", {}).items():
        rows = _only_named(lakehouse.rows(name), some)
        assert [row for row in some if {column: _plain(value) for column, value in row.items()} not in rows] == [], name
    assert result["schemaDrift"] == case.get("schemaDrift", [])
