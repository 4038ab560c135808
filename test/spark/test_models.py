"""Every model beside a contract is analysed against it, on inputs without rows: nothing of it runs."""

import pytest
from pyspark.sql import DataFrame, SparkSession

from tideline_jobs.kinds import sql_model
from tideline_jobs.kinds.sql_model import model_rows
from tideline_jobs.model.contracts import all_contracts, contract_of
from tideline_jobs.model.errors import BuildError

MODELS = [product for product, contract in all_contracts().items() if contract.build["kind"] == "sql"]
ONLY_IN_SILVER = "rating, cancelled_at, location_updates, reported_duration_seconds"
TRIPS = f"SELECT * EXCEPT (processing_timestamp, {ONLY_IN_SILVER}) FROM silver.trips AS t"


def _empty(spark: SparkSession, product: str) -> dict[str, DataFrame]:
    def frame(read: str) -> DataFrame:
        columns = ", ".join(f"`{name}` {kind}" for name, kind in contract_of(read).columns.items())
        return spark.createDataFrame([], columns)

    return {read: frame(read) for read in contract_of(product).inputs}


@pytest.mark.parametrize("product", MODELS)
def test_a_model_gives_the_columns_of_its_contract(spark: SparkSession, product: str) -> None:
    model_rows(spark, contract_of(product), _empty(spark, product))


@pytest.mark.parametrize(
    ("model", "problem"),
    [
        ("DELETE FROM silver.trips", "must be one SELECT"),
        ("SELECT 1; SELECT * FROM silver.trips", "PARSE_SYNTAX_ERROR"),
        ("SELECT * FROM silver.trip", "reads silver.trip, which is no input of the contract: silver.trips"),
        ("SELECT 1 AS trip_id", "does not read silver.trips: write FROM or JOIN silver.trips, or drop the input"),
        ("SELECT * FROM silver.trips, bronze.events", "TABLE_OR_VIEW_NOT_FOUND"),
        ("SELECT t.tip FROM silver.trips AS t", "UNRESOLVED_COLUMN"),
        ("SELECT trip_id, 1 AS tip FROM silver.trips", "lacks assigned_at, .*; beyond the contract: tip"),
        (
            TRIPS.replace("(", "(fare_amount, ").replace("FROM", ", 'x' AS fare_amount FROM"),
            "fare_amount is string, in",
        ),
        (
            TRIPS.replace("* EXCEPT (", "* EXCEPT (event_count, ").replace("FROM", ", 1.5 AS event_count FROM"),
            "cast it",
        ),
        (TRIPS + " JOIN delta.`s3://lake/gold/trips` AS o ON true", "reads files: a model reads products"),
        (TRIPS + " -- FROM bronze.events {", None),
        (f"WITH s AS ({TRIPS}) SELECT * FROM s WHERE status <> '{{}} -- FROM gold.trips'", None),
        (TRIPS + " WHERE extract(HOUR FROM t.start_time) = 3 /* JOIN gold.trips */", None),
    ],
)
def test_a_model_that_does_not_fit_its_contract_is_refused(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch, model: str, problem: str | None
) -> None:
    monkeypatch.setattr(sql_model, "read_model", lambda _: model)
    inputs = _empty(spark, "gold.trips")
    if problem is None:
        model_rows(spark, contract_of("gold.trips"), inputs)
    else:
        with pytest.raises(BuildError, match=problem) as refused:
            model_rows(spark, contract_of("gold.trips"), inputs)
        assert refused.value.kind == "BAD_INPUT"
        assert refused.value.message.startswith("gold.trips model.sql: ")
    assert not [view for view in spark.catalog.listTables() if view.isTemporary]
