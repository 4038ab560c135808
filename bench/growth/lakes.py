"""Lakes whose tables hold some days, all alike on the last: `lakes.py FOLDER DATE DAYS…`, 0 for one to warm up with."""

import json
import shutil
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from driver import open_driver
from hours import LATE_DATES, LATE_DAYS, TRIPS, land
from past import Files, Past, Template, read_commit, write_commit
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from tideline_jobs.engine.builds import BuildRequest
from tideline_jobs.main import run_build
from tideline_jobs.model.contracts import contract_of

PRODUCTS = ("bronze.events", "silver.trips", "gold.trips", "gold.fact_hourly_metrics")
# Of the last date; the others are left to be measured, every second of them with late events.
BUILT_HOURS = 14
LATE_HOURS = range(BUILT_HOURS + 1, 24, 2)


def place(product: str) -> str:
    return product.replace(".", "/")


class Model:
    """A lake that holds one date, built by the jobs themselves."""

    def __init__(self, spark: SparkSession, folder: Path, day: date) -> None:
        self._spark, self._day = spark, day
        self.root, self._raw = folder / "growth-0", f"file:{folder}/growth-raw/raw/events"
        self._builds = 0

    def _build(self, product: str, start: str, end: str) -> None:
        self._builds += 1
        request = BuildRequest(product, start, end, f"real-{self._builds}", 1, f"file:{self.root}", self._raw)
        result = run_build(self._spark, request)
        if result["error"] or not result["intervals"]:
            raise RuntimeError(f"{product} {start}: {result['error'] or result['heldBack']}")

    def build(self) -> None:
        self._build("bronze.events", f"{self._day}T00", f"{self._day}T01")
        self._build("bronze.events", f"{self._day}T01", f"{self._day}T{BUILT_HOURS}")
        for product in PRODUCTS[1:]:
            self._build(product, str(self._day), str(self._day + timedelta(days=1)))
        for sums in self.root.rglob(".*.crc"):
            sums.unlink()

    def commits(self, product: str) -> list[list[dict[str, Any]]]:
        log = self.root / place(product) / "_delta_log"
        return [read_commit(log, version) for version in range(len([*log.glob("*.json")]))]

    def rows_before(self, product: str, days: range) -> Files:
        """A file of a few of its rows for each of the dates so many days before."""
        rows: Any = self._spark.read.format("delta").load(f"file:{self.root / place(product)}").limit(TRIPS)
        column = contract_of(product).partition_column
        files: Files = {}
        for back in days:
            moved = {
                name: F.col(name) - F.expr(f"INTERVAL {back} DAYS")
                for name, kind in rows.dtypes
                if kind == "timestamp" and name != "processing_timestamp"
            }
            folder = self.root.parent / "before" / f"{product}-{back}"
            old = rows.withColumns(moved).withColumn("trip_id", F.concat("trip_id", F.lit(f"-{back}"))).drop(column)
            old.coalesce(1).write.parquet(f"file:{folder}")
            [files[str(self._day - timedelta(days=back))]] = folder.glob("*.parquet")
        return files

    def checkpoint(self, log: Path, properties: list[dict[str, Any]], past: Past) -> None:
        """Delta's own checkpoint of what the past has left, without a replay of it."""
        version, actions = past.state()
        short = self.root.parent / "before" / "short" / "_delta_log"
        shutil.rmtree(short.parent, ignore_errors=True)
        short.mkdir(parents=True)
        write_commit(short, 0, properties)
        write_commit(short, 1, actions)
        jvm: Any = self._spark._jvm
        jvm.org.apache.spark.sql.delta.DeltaLog.clearCache()
        jvm.org.apache.spark.sql.delta.DeltaLog.forTable(
            self._spark._jsparkSession, f"file:{short.parent}"
        ).checkpoint()
        (short / f"{1:020d}.checkpoint.parquet").rename(log / f"{version:020d}.checkpoint.parquet")
        (log / "_last_checkpoint").write_text(json.dumps({"version": version, "size": len(actions) + len(properties)}))


def write_lake(model: Model, files: dict[str, Files], day: date, days: int) -> None:
    """The model's date after days of a past that only the log knows, but for the files that a job reads."""
    root = model.root.with_name(f"growth-{days}")
    shutil.copytree(model.root, root)
    for product in PRODUCTS if days > 1 else ():
        folder = root / place(product)
        log = folder / "_delta_log"
        first, *built = model.commits(product)
        for old in [*log.glob("*.json"), *log.glob("*.crc")]:
            old.unlink()
        write_commit(log, 0, first)
        past = Past(folder, product, Template(built[0], day), files.get(product, {}))
        begin = day - timedelta(days=days - 1)
        for number in range(days - 1):
            if contract_of(product).grain == "hour":
                past.of_hours(begin + timedelta(days=number))
            else:
                past.of_dates(begin + timedelta(days=number), begin)
        model.checkpoint(log, [action for action in first if "commitInfo" not in action], past)
        past.repeat(built)


def main() -> None:
    folder, day = Path(sys.argv[1]), date.fromisoformat(sys.argv[2])
    land(folder / "growth-raw/raw/events", day, LATE_HOURS)
    spark = open_driver()
    model = Model(spark, folder, day)
    model.build()
    reached = range(1, LATE_DAYS + LATE_DATES)
    files = {
        "bronze.events": model.rows_before("bronze.events", reached),
        "silver.trips": model.rows_before("silver.trips", range(1, 2)),
    }
    for days in map(int, sys.argv[3:]):
        sys.stdout.write(f"  {days} days\n")
        sys.stdout.flush()
        write_lake(model, files, day, days)
    shutil.rmtree(folder / "before")
    spark.stop()


if __name__ == "__main__":
    main()
