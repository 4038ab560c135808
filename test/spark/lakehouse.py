"""A lake and a raw prefix in a temporary folder, with the builds run in this process."""

import gzip
import itertools
import json
from datetime import datetime
from pathlib import Path
from typing import Any

from delta.tables import DeltaTable
from pyspark.sql import DataFrame, SparkSession

from tideline_jobs.builds import BuildRequest
from tideline_jobs.main import run_build

Line = str | dict[str, Any]


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

    def land_bytes(self, hour: str, content: bytes) -> None:
        self.land(hour, [])
        folder = self._raw / datetime.strptime(hour, "%Y-%m-%dT%H").strftime("year=%Y/month=%m/day=%d/hour=%H")
        (folder / "part-0.json.gz").write_bytes(content)

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

    def table(self, product: str) -> DataFrame:
        return self.spark.read.format("delta").load(f"{self.lake}/{product.replace('.', '/')}")

    def rows(self, product: str) -> list[dict[str, Any]]:
        """All rows without their processing time, ordered by their text."""
        frame = self.table(product).drop("processing_timestamp")
        return sorted((row.asDict(recursive=True) for row in frame.collect()), key=str)

    def versions(self, product: str) -> int:
        path = f"{self.lake}/{product.replace('.', '/')}"
        return int(DeltaTable.forPath(self.spark, path).history().count())
