"""SQL and columns for the rows of intervals."""

from pyspark.sql import Column
from pyspark.sql import functions as F

from tideline_jobs.model.contracts import Contract
from tideline_jobs.model.intervals import key_of, sql_literal
from tideline_jobs.tables.delta import EVERYTHING

WHOLE_TABLE = "*"
# SQL for no row of a table.
NOTHING = "false"


def interval_key(contract: Contract) -> Column:
    """The key of the interval that a row belongs to."""
    column = contract.interval_column
    return key_of(contract.grain, F.col(column)) if column else F.lit(WHOLE_TABLE)


def rows_between(contract: Contract, start: str, end: str) -> str:
    """SQL for the rows of the run [start, end)."""
    column = contract.interval_column
    if column is None:
        return EVERYTHING
    first, last = sql_literal(contract.grain, start), sql_literal(contract.grain, end)
    return f"{column} >= {first} AND {column} < {last}"


def rows_of(contract: Contract, keys: list[str]) -> str:
    """SQL for the rows of some intervals."""
    if contract.interval_column is None:
        return EVERYTHING
    if not keys:
        return NOTHING
    literals = ", ".join(sql_literal(contract.grain, key) for key in sorted(keys))
    return f"{contract.interval_column} IN ({literals})"
