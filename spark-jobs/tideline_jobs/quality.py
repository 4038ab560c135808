"""The contract's library rules (ODCS v3.1), measured in one pass over the staged rows."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F

from tideline_jobs.contracts import Contract
from tideline_jobs.results import Check, Quality

PASSING_SCORE = 0.95
_WEIGHTS = {"critical": 1.0, "error": 1.0, "warning": 0.1, "info": 0.0}

_OPERATORS: dict[str, Callable[[float, Any], bool]] = {
    "mustBe": lambda value, limit: value == limit,
    "mustNotBe": lambda value, limit: value != limit,
    "mustBeGreaterThan": lambda value, limit: value > limit,
    "mustBeGreaterOrEqualTo": lambda value, limit: value >= limit,
    "mustBeLessThan": lambda value, limit: value < limit,
    "mustBeLessOrEqualTo": lambda value, limit: value <= limit,
    "mustBeBetween": lambda value, limit: limit[0] <= value <= limit[1],
    "mustNotBeBetween": lambda value, limit: not limit[0] <= value <= limit[1],
}


@dataclass(frozen=True)
class Rule:
    """One rule of a contract; `column` is None where it speaks of the whole table."""

    column: str | None
    body: dict[str, Any]

    @property
    def metric(self) -> str:
        return str(self.body["metric"])

    @property
    def severity(self) -> str:
        return str(self.body.get("severity", "error"))

    @property
    def keys(self) -> list[str]:
        """Columns whose combination a duplicateValues rule compares."""
        return [self.column] if self.column else list(self.body["arguments"]["properties"])

    def holds(self, failed_rows: int, total_rows: int) -> bool:
        value: float = failed_rows
        if self.body.get("unit", "rows") == "percent":
            value = 100 * failed_rows / total_rows if total_rows else 0
        return all(check(value, self.body[name]) for name, check in _OPERATORS.items() if name in self.body)


def rules_of(contract: Contract) -> list[Rule]:
    table = contract.document["schema"][0]
    rules = [Rule(column["name"], rule) for column in table["properties"] for rule in column.get("quality", [])]
    return rules + [Rule(None, rule) for rule in table.get("quality", [])]


def _invalid(column: Column, arguments: Mapping[str, Any]) -> Column:
    broken = []
    if "validValues" in arguments:
        broken.append(~column.isin(arguments["validValues"]))
    if "pattern" in arguments:
        broken.append(~column.rlike(arguments["pattern"]))
    if "minimum" in arguments:
        broken.append(column < F.lit(arguments["minimum"]))
    if "maximum" in arguments:
        broken.append(column > F.lit(arguments["maximum"]))
    return reduce(lambda left, right: left | right, broken)


def _fails(rule: Rule) -> Column | None:
    """Whether a row breaks the rule; None for rules that no single row can break."""
    arguments = rule.body.get("arguments", {})
    if rule.column is None or rule.metric == "duplicateValues":
        return None
    column = F.col(rule.column)
    if rule.metric == "nullValues":
        return column.isNull()
    if rule.metric == "missingValues":
        missing = [value for value in arguments["missingValues"] if value is not None]
        return column.isNull() | column.isin(missing)
    if rule.metric == "invalidValues":
        # A null is no invalid value: whether it may be missing is the business of nullValues.
        return column.isNotNull() & _invalid(column, arguments)
    raise ValueError(f"the rule {rule.body} of {rule.column} has a metric that is not in ODCS's library")


def measures(rules: list[Rule], among: Column) -> list[Column]:
    """Aggregates that count, among the rows where `among` holds, those that break each row-level rule."""
    failing = ((number, _fails(rule)) for number, rule in enumerate(rules))
    return [F.count_if(among & fails).alias(f"rule_{number}") for number, fails in failing if fails is not None]


def count_duplicates(frame: DataFrame, keys: list[str]) -> int:
    """Rows beyond the first of each key."""
    counted = frame.groupBy(*keys).count().agg(F.sum(F.col("count") - 1).alias("extra")).first()
    return int((counted["extra"] if counted else None) or 0)


def failed_rows(
    rules: list[Rule], counted: Collection[Row], total_rows: int, duplicates: Callable[[list[str]], int]
) -> dict[int, int]:
    """By the number of each rule what it measures: from rows of `measures`, and for keys what `duplicates` says."""
    failed = {}
    for number, rule in enumerate(rules):
        if rule.metric == "duplicateValues":
            failed[number] = duplicates(rule.keys)
        elif rule.metric == "rowCount":
            failed[number] = total_rows
        else:
            failed[number] = sum(int(row[f"rule_{number}"]) for row in counted)
    return failed


def verdict(rules: list[Rule], failed: Mapping[int, int], total_rows: int) -> Quality:
    """The verdict: `failed` gives the measured rows of each rule by its number."""
    checks = []
    weighed = reached = 0.0
    for number, rule in enumerate(rules):
        passed = rule.holds(failed[number], total_rows)
        # The measure of rowCount is the table's size: its rows are not broken rows.
        failed_rows = 0 if rule.metric == "rowCount" else failed[number]
        checks.append(Check(rule.metric, rule.column, failed_rows, total_rows, passed))
        weight = _WEIGHTS[rule.severity]
        weighed += weight
        reached += weight if passed else 0
    return Quality(round(reached / weighed, 4) if weighed else 1.0, tuple(checks))


def halts(rules: list[Rule], quality: Quality) -> bool:
    """Below the score, or with a critical rule broken, nothing is published."""
    critical = any(
        rule.severity == "critical" and not check.passed for rule, check in zip(rules, quality.checks, strict=True)
    )
    return critical or quality.score < PASSING_SCORE


def explain(quality: Quality) -> str:
    broken = [
        f"{check.name}({check.column or 'table'}): {check.failed_rows} of {check.total_rows} rows"
        for check in quality.checks
        if not check.passed
    ]
    return f"quality score {quality.score:.3f}, needed {PASSING_SCORE}; broken rules: {'; '.join(broken)}"
