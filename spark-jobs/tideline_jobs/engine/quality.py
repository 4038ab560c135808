"""The contract's rules (ODCS v3.1), measured in one pass over the staged rows: one verdict for each interval."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from tideline_jobs.model.contracts import Contract
from tideline_jobs.model.errors import BuildError
from tideline_jobs.model.results import Check, Quality

_WEIGHTS = {"critical": 1.0, "error": 1.0, "warning": 0.1, "info": 0.0}
_HALTING = ("critical", "error")
_METRICS = ("nullValues", "missingValues", "invalidValues", "duplicateValues", "rowCount", "validShare")

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
    def arguments(self) -> dict[str, Any]:
        arguments: dict[str, Any] = self.body.get("arguments", {})
        return arguments

    @property
    def operators(self) -> list[str]:
        return sorted(self.body.keys() & _OPERATORS.keys())

    @property
    def keys(self) -> list[str]:
        """Columns whose combination a duplicateValues rule compares."""
        return [self.column] if self.column else list(self.arguments["properties"])

    def severity(self, total_rows: int) -> str:
        """A share of fewer than `minimumRows` says little: it is told, and no verdict."""
        few = total_rows < self.arguments.get("minimumRows", 0)
        return "info" if few else str(self.body.get("severity", "error"))

    def holds(self, failed_rows: int, total_rows: int) -> bool:
        value: float = failed_rows
        if self.metric == "rowCount":
            value = total_rows
        elif self.metric == "validShare":
            value = 100 * (total_rows - failed_rows) / total_rows if total_rows else 100
        elif self.body.get("unit", "rows") == "percent":
            value = 100 * failed_rows / total_rows if total_rows else 0
        return all(_OPERATORS[name](value, self.body[name]) for name in self.operators)

    def __str__(self) -> str:
        limits = ", ".join(f"{name} {self.body[name]}" for name in self.operators)
        percent = " %" if self.body.get("unit") == "percent" else ""
        return f"{self.metric}({self.column or 'table'}) {limits}{percent}"


def rules_of(contract: Contract) -> list[Rule]:
    """
    The contract's rules, and before them what its columns say without one. The catalogue refuses a contract with a rule
    that says nothing; should one come here all the same, no build may take it for one that holds.
    """
    table = contract.table
    stated = [Rule(column["name"], rule) for column in table["properties"] for rule in column.get("quality", [])]
    stated += [Rule(None, rule) for rule in table.get("quality", [])]
    for rule in stated:
        known = rule.body.get("metric") in _METRICS and rule.body.get("severity", "error") in _WEIGHTS
        if not known or len(rule.operators) != 1:
            raise BuildError("BAD_INPUT", f"{contract.product}: {rule.column or 'table'}: no rule: {rule.body}")
    return [*_implied(contract, stated), *stated]


def _implied(contract: Contract, stated: list[Rule]) -> list[Rule]:
    """A `required` column has no nulls, or no warehouse takes the rows; a primary key is there once an interval."""
    nothing = {"mustBe": 0, "severity": "critical"}
    missing = (rule for rule in stated if rule.metric == "missingValues" and rule.body["severity"] in _HALTING)
    checked = {rule.column for rule in missing if rule.body.get("mustBe") == 0}
    required = (str(column["name"]) for column in contract.required)
    rules = [Rule(name, {"metric": "nullValues", **nothing}) for name in required if name not in checked]
    key = [column["name"] for column in contract.table["properties"] if column.get("primaryKey")]
    # Raw events are deduplicated over all hours when they are published; to look for copies again would sort them all.
    if key and "source" not in contract.custom:
        rules.append(Rule(None, {"metric": "duplicateValues", "arguments": {"properties": key}, **nothing}))
    return rules


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
    if rule.column is None or rule.metric == "duplicateValues":
        return None
    column = F.col(rule.column)
    if rule.metric == "nullValues":
        return column.isNull()
    if rule.metric == "missingValues":
        missing = [value for value in rule.arguments["missingValues"] if value is not None]
        return column.isNull() | column.isin(missing)
    # A null is no invalid value: whether it may be missing is the business of nullValues.
    return column.isNotNull() & _invalid(column, rule.arguments)


def measures(rules: list[Rule], among: Column) -> list[Column]:
    """Aggregates: the `rows` where `among` holds, and of these the ones that break each row-level rule."""
    failing = ((number, _fails(rule)) for number, rule in enumerate(rules))
    return [
        F.count_if(among).alias("rows"),
        *[F.count_if(among & fails).alias(f"rule_{number}") for number, fails in failing if fails is not None],
    ]


def count_duplicates(frame: DataFrame, interval: Column, keys: list[str]) -> dict[str, int]:
    """
    Rows beyond the first of each key within an interval. What another interval holds does not count: the verdict on one
    must be the same whatever else is built in the same job.
    """
    copies = frame.groupBy(interval.alias("interval"), *keys).agg(F.count("*").alias("copies"))
    found = copies.groupBy("interval").agg(F.sum(F.col("copies") - 1).alias("extra")).collect()
    return {row["interval"]: int(row["extra"]) for row in found}


def verdict(rules: list[Rule], counts: Mapping[str, Any], duplicates: Mapping[int, int]) -> Quality:
    """The verdict on one interval by its `measures`; `duplicates` are those of each duplicateValues rule's number."""
    checks = []
    weighed = reached = 0.0
    for number, rule in enumerate(rules):
        total = int(counts.get("rows", 0))
        if rule.metric == "validShare":
            failed = int(counts.get("quarantined", 0))
            total += failed
        elif rule.metric == "duplicateValues":
            failed = duplicates.get(number, 0)
        else:
            failed = int(counts.get(f"rule_{number}", 0))
        passed = rule.holds(failed, total)
        checks.append(Check(rule.metric, rule.column, failed, total, passed))
        weight = _WEIGHTS[rule.severity(total)]
        weighed += weight
        reached += weight if passed else 0
    return Quality(round(reached / weighed, 4) if weighed else 1.0, tuple(checks))


def together(verdicts: Collection[Quality]) -> Quality:
    """What several verdicts by the same rules come to; the score is that of the worst."""
    checks = [
        Check(
            same[0].name,
            same[0].column,
            sum(check.failed_rows for check in same),
            sum(check.total_rows for check in same),
            all(check.passed for check in same),
        )
        for same in zip(*(each.checks for each in verdicts), strict=True)
    ]
    return Quality(min((each.score for each in verdicts), default=1.0), tuple(checks))


def halting(rules: list[Rule], quality: Quality) -> str | None:
    """Why an interval of this verdict may not be published: the critical and error rules that it breaks; or None."""
    broken = [
        f"{rule}: {check.failed_rows} of {check.total_rows} rows"
        for rule, check in zip(rules, quality.checks, strict=True)
        if not check.passed and rule.severity(check.total_rows) in _HALTING
    ]
    return f"broken rules: {'; '.join(broken)}; quality score {quality.score:.3f}" if broken else None
