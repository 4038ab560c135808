"""Small files on whatever file system a URI names, through Spark's own clients and credentials."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pyspark.sql import SparkSession


@dataclass(frozen=True)
class StoredFile:
    uri: str
    bytes: int


class Storage:
    """Reads, writes, lists and deletes through Hadoop's file systems (S3, local)."""

    def __init__(self, spark: SparkSession) -> None:
        # PySpark offers no public way to its Hadoop clients.
        self._jvm: Any = spark._jvm
        self._conf: Any = spark._jsc.hadoopConfiguration()

    def _open(self, uri: str) -> tuple[Any, Any]:
        path = self._jvm.org.apache.hadoop.fs.Path(uri)
        return path.getFileSystem(self._conf), path

    def write_text(self, uri: str, text: str) -> None:
        fs, path = self._open(uri)
        stream = fs.create(path, True)
        try:
            stream.write(bytearray(text, "utf-8"))
        finally:
            stream.close()

    def exists(self, uri: str) -> bool:
        fs, path = self._open(uri)
        return bool(fs.exists(path))

    def delete(self, uri: str) -> None:
        fs, path = self._open(uri)
        fs.delete(path, True)

    def qualified(self, uri: str) -> str:
        """The URI as Spark writes it in file paths."""
        fs, path = self._open(uri)
        return str(fs.makeQualified(path).toString())

    def files(self, folders: Iterable[str], suffix: str) -> list[StoredFile]:
        """Files right below the folders whose name ends with `suffix`, by name; a missing folder holds none."""
        found: list[StoredFile] = []
        for folder in folders:
            fs, path = self._open(folder)
            if not fs.exists(path):
                continue
            statuses = [s for s in fs.listStatus(path) if s.isFile() and s.getPath().getName().endswith(suffix)]
            found += [StoredFile(s.getPath().toString(), s.getLen()) for s in statuses]
        return sorted(found, key=lambda file: file.uri)
