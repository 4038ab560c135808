"""Where a build's rows lie before they are published, as plain Parquet that nobody else reads."""

import json
from urllib.parse import unquote

from pyspark.sql import DataFrame, SparkSession

from tideline_jobs.tables.delta import staging_folder
from tideline_jobs.tables.storage import Storage


class Staging:
    """The folder of one build; a second try of the build overwrites what the first left."""

    def __init__(self, spark: SparkSession, lake: str, product: str, build_id: str) -> None:
        self._spark = spark
        self._storage = Storage(spark)
        self.folder = f"{staging_folder(lake, product)}/{build_id}"
        self._data = f"{self.folder}/data"
        self.manifest = f"{self.folder}/manifest.json"

    def write(self, rows: DataFrame, *, exported: bool) -> None:
        # Read back twice and deleted: what costs little to write and read beats what is small. But Redshift
        # reads no LZ4_RAW.
        compression = "snappy" if exported else "lz4_raw"
        rows.write.mode("overwrite").option("compression", compression).parquet(self._data)

    def read(self) -> DataFrame:
        return self._spark.read.parquet(self._data)

    def write_manifest(self, only: DataFrame | None = None) -> str:
        """
        Writes the list of files that COPY … MANIFEST reads and returns its URI. With `only`, these rows alone are
        exported, in files of their own.
        """
        folder = self._data
        if only is not None:
            folder = f"{self.folder}/exported"
            only.write.mode("overwrite").option("compression", "snappy").parquet(folder)
        entries = [
            {"url": unquote(file.uri), "mandatory": True, "meta": {"content_length": file.bytes}}
            for file in self._storage.files([folder], ".parquet")
        ]
        self._storage.write_text(self.manifest, json.dumps({"entries": entries}))
        return self.manifest

    def clean(self) -> None:
        self._storage.delete(self.folder)
