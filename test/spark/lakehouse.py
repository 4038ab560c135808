"""A lake and a raw prefix in a temporary folder, with the builds run in this process."""

import gzip
import itertools
import json
import os
import re
from datetime import datetime
from pathlib import Path
from typing import Any

from delta.tables import DeltaTable
from pyspark.sql import DataFrame, SparkSession

from tideline_jobs.engine.builds import Build, BuildRequest
from tideline_jobs.engine.inputs import read_inputs
from tideline_jobs.engine.rows import rows_between
from tideline_jobs.jobs.maintenance import MaintenanceRequest, run_maintenance
from tideline_jobs.kinds.sql_model import model_rows
from tideline_jobs.main import run_build
from tideline_jobs.model.contracts import PROCESSED_AT, PROCESSED_ON, contract_of
from tideline_jobs.model.results import BuildReport
from tideline_jobs.tables.delta import EVERYTHING, Table

Line = str | dict[str, Any]

_SAMPLES = {"string": "some", "boolean": "false", "date": "2025-01-18", "timestamp": "2025-01-18 00:00:00"}


class Lakehouse:
    """Lands raw lines, builds products, reads tables."""

    def __init__(self, spark: SparkSession, folder: Path) -> None:
        self.spark = spark
        self.lake = f"file:{folder}/lake"
        self.folder = folder
        self._raw = folder / "raw" / "events"
        self._numbers = itertools.count(1)

    def land(self, hour: str, *files: list[Line]) -> None:
        """Writes the files of an arrival hour; an event given as a mapping becomes one line of JSON."""
        folder = self._raw / datetime.strptime(hour, "%Y-%m-%dT%H").strftime("year=%Y/month=%m/day=%d/hour=%H")
        folder.mkdir(parents=True, exist_ok=True)
        for number, lines in enumerate(files):
            texts = [line if isinstance(line, str) else json.dumps(line, separators=(",", ":")) for line in lines]
            text = "".join(f"{line}\n" for line in texts)
            (folder / f"part-{number}.json.gz").write_bytes(gzip.compress(text.encode()))

    def land_bytes(self, hour: str, content: bytes, name: str = "part-0") -> None:
        """Writes one file as it is, beside those that are there."""
        self.land(hour)
        folder = self._raw / datetime.strptime(hour, "%Y-%m-%dT%H").strftime("year=%Y/month=%m/day=%d/hour=%H")
        (folder / f"{name}.json.gz").write_bytes(content)

    def request(self, product: str, start: str, end: str, **changes: Any) -> BuildRequest:
        number = next(self._numbers)
        settings = {"build_id": f"build-{number}", "generation": 1, **changes}
        return BuildRequest(product=product, start=start, end=end, lake=self.lake, raw=f"file:{self._raw}", **settings)

    def build(self, product: str, start: str, end: str, **changes: Any) -> dict[str, Any]:
        return run_build(self.spark, self.request(product, start, end, **changes))

    def must_build(self, product: str, start: str, end: str, **changes: Any) -> dict[str, Any]:
        result = self.build(product, start, end, **changes)
        assert result["error"] is None, result["error"]
        return result

    def maintain(self, product: str, **changes: Any) -> dict[str, Any]:
        return run_maintenance(self.spark, MaintenanceRequest(product, "maintenance", self.lake, **changes))

    def must_maintain(self, product: str, **changes: Any) -> dict[str, Any]:
        result = self.maintain(product, **changes)
        assert result["error"] is None, result["error"]
        return result

    def beside(self, name: str) -> "Lakehouse":
        """Another lake of the same raw files."""
        other = Lakehouse(self.spark, self.folder)
        other.lake = f"file:{self.folder}/{name}"
        return other

    def age(self, product: str, days: int) -> None:
        """Makes everything of a product so much older: files, commits, and when files were removed."""
        ms = days * 86_400_000

        def older(match: re.Match[str]) -> str:
            return f"{match[1]}{int(match[2]) - ms}"

        for commit in self._files(f"{product.replace('.', '/')}/_delta_log/*.json"):
            text = re.sub(r'("(?:timestamp|deletionTimestamp|modificationTime)":)(\d+)', older, commit.read_text())
            seconds = commit.stat().st_mtime
            commit.write_text(text)
            commit.with_name(f".{commit.name}.crc").unlink(missing_ok=True)
            os.utime(commit, (seconds, seconds))
        for file in [*self._files(f"{product.replace('.', '/')}/**/*"), *self._files(f"_staging/{product}/**/*")]:
            seconds = file.stat().st_mtime - ms / 1000
            os.utime(file, (seconds, seconds))
        # Delta keeps what it has read of a log.
        self.spark._jvm.org.apache.spark.sql.delta.DeltaLog.clearCache()

    def staged(self, product: str) -> list[Path]:
        return [file for file in self._files(f"_staging/{product}/**/*") if file.suffix != ".crc"]

    def log_versions(self, product: str) -> list[int]:
        return [int(file.stem) for file in self._files(f"{product.replace('.', '/')}/_delta_log/*.json")]

    def _files(self, pattern: str) -> list[Path]:
        return [path for path in Path(self.lake.removeprefix("file:")).glob(pattern) if path.is_file()]

    def put(self, product: str, rows: list[dict[str, Any]]) -> None:
        """Gives an input table its rows. What a row leaves out is null, or a value of a required column's type."""
        contract = contract_of(product)
        table = Table(self.spark, contract, self.lake)
        table.ensure()
        columns = ", ".join(f"`{name}` STRING" for name in contract.columns)
        filled = {column["name"]: _SAMPLES.get(column["physicalType"], "0") for column in contract.required}
        whole = [filled | {name: str(value) for name, value in row.items() if value is not None} for row in rows]
        given = [tuple(row.get(name) for name in contract.columns) for row in whole]
        frame = contract.conform(self.spark.createDataFrame(given, columns))
        table.commit(frame, EVERYTHING, table.snapshot(), {"buildId": "case", "generation": 0, "start": "", "end": ""})

    def modelled(self, product: str, dates: tuple[str, str], job: tuple[str, str]) -> list[dict[str, Any]]:
        """The rows of some dates as the product's model makes them in a job for the run `job`; nothing is published."""
        build = Build(self.spark, BuildRequest(product, *job, "modelled", 1, self.lake), BuildReport())
        rows = model_rows(self.spark, build.contract, read_inputs(build)).where(rows_between(build.contract, *dates))
        return sorted((row.asDict(recursive=True) for row in rows.collect()), key=str)

    def path(self, product: str) -> str:
        return f"{self.lake}/{product.replace('.', '/')}"

    def table(self, product: str, version: int | None = None) -> DataFrame:
        """The table as it is, or as it was."""
        reader = self.spark.read.format("delta")
        return (reader if version is None else reader.option("versionAsOf", version)).load(self.path(product))

    def rows(self, product: str) -> list[dict[str, Any]]:
        """All rows without when they were built, ordered by their text."""
        frame = self.table(product).drop(PROCESSED_AT, PROCESSED_ON)
        return sorted((row.asDict(recursive=True) for row in frame.collect()), key=str)

    def versions(self, product: str) -> int:
        return int(DeltaTable.forPath(self.spark, self.path(product)).history().count())
