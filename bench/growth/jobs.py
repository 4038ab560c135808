"""CPU-seconds of the same jobs on lakes with more and more past: `jobs.py ENDPOINT DATE RESULT REPEATS DAYS…`."""

import json
import sys
from collections import defaultdict
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from time import time
from typing import Any

from driver import cpu_seconds, open_driver
from lakes import BUILT_HOURS
from pyspark.sql import SparkSession

from tideline_jobs.engine.builds import BuildRequest
from tideline_jobs.jobs.restoration import RestoreRequest, run_restore
from tideline_jobs.main import run_build
from tideline_jobs.model.contracts import contract_of
from tideline_jobs.tables.delta import Table

WARM_UP_DAYS, WARM_UPS = 0, 1


class Jobs:
    """The jobs that are measured, on one lake."""

    def __init__(self, spark: SparkSession, day: date, days: int) -> None:
        self._spark, self._day, self._lake = spark, day, f"s3://growth-{days}"

    def _must(self, result: dict[str, Any]) -> None:
        if result["error"] or result.get("status", "published") != "published":
            raise RuntimeError(json.dumps(result))

    def _build(self, product: str, start: str, end: str) -> Callable[[], None]:
        now_ms = int(time() * 1000)
        raw = "s3://growth-raw/raw/events"
        request = BuildRequest(product, start, end, f"measured-{now_ms}", now_ms, self._lake, raw)
        return lambda: self._must(run_build(self._spark, request))

    def _hour(self, number: int) -> Callable[[], None]:
        end = f"{self._day}T{number + 1}" if number < 23 else f"{self._day + timedelta(days=1)}T00"
        return self._build("bronze.events", f"{self._day}T{number}", end)

    def _date(self, product: str) -> Callable[[], None]:
        return self._build(product, str(self._day), str(self._day + timedelta(days=1)))

    def _table(self) -> Table:
        return Table(self._spark, contract_of("bronze.events"), self._lake)

    def _restore(self) -> Callable[[], None]:
        now_ms, version = int(time() * 1000), self._table().snapshot().version - 1
        request = RestoreRequest("bronze.events", f"restore-{now_ms}", now_ms, self._lake, version)
        return lambda: self._must(run_restore(self._spark, request))

    def _checkpoint(self) -> Callable[[], None]:
        jvm: Any = self._spark._jvm
        log = jvm.org.apache.spark.sql.delta.DeltaLog.forTable(self._spark._jsparkSession, self._table().path)
        checkpoint: Callable[[], None] = log.checkpoint
        return checkpoint

    def round(self, number: int) -> dict[str, float]:
        """One after the other: each finds what the one before has changed. Rounds have hours of their own."""
        hour = BUILT_HOURS + 2 * number
        works = {
            "bronze.events, an hour": lambda: self._hour(hour),
            "the next, with late events": lambda: self._hour(hour + 1),
            "silver.trips, a date": lambda: self._date("silver.trips"),
            "gold.trips, the date": lambda: self._date("gold.trips"),
            "gold.fact_hourly_metrics, the date": lambda: self._date("gold.fact_hourly_metrics"),
            "bronze.events restored": self._restore,
            "a checkpoint of bronze.events": self._checkpoint,
        }
        return {name: cpu_seconds(self._spark, prepare()) for name, prepare in works.items()}


def main() -> None:
    endpoint, day, result, repeats = sys.argv[1], date.fromisoformat(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
    days = [int(argument) for argument in sys.argv[5:]]
    spark = open_driver(endpoint)
    for number in range(WARM_UPS):
        sys.stdout.write(f"  warm-up {number + 1}\n")
        sys.stdout.flush()
        Jobs(spark, day, WARM_UP_DAYS).round(number)
    measured: defaultdict[str, dict[int, list[float]]] = defaultdict(lambda: {each: [] for each in days})
    for number in range(repeats):
        for each in days:
            for name, cpu in Jobs(spark, day, each).round(number).items():
                measured[name][each].append(cpu)
            told = ", ".join(f"{name} {of[each][-1]:.1f} s" for name, of in measured.items())
            sys.stdout.write(f"  round {number + 1}, {each} days: {told}\n")
            sys.stdout.flush()
    result.write_text(json.dumps(measured))
    spark.stop()


if __name__ == "__main__":
    main()
