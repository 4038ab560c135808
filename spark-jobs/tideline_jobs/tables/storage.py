"""Small files on whatever file system a URI names, through Spark's own clients and credentials."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from py4j.java_gateway import is_instance_of
from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession


@dataclass(frozen=True)
class StoredFile:
    uri: str
    bytes: int
    version: str
    """Changes whenever the content does: the store's ETag where it has one, the time of writing elsewhere."""

    @property
    def name(self) -> str:
        return self.uri.rsplit("/", 1)[-1]


class Storage:
    """Reads, writes, lists and deletes through Hadoop's file systems (S3, local)."""

    def __init__(self, spark: SparkSession) -> None:
        # PySpark offers no public way to its Hadoop clients.
        self._gateway: Any = spark.sparkContext._gateway
        self._conf: Any = spark._jsc.hadoopConfiguration()
        jvm: Any = spark._jvm
        # Each step on the way to a class is a search through every jar: looked up once.
        self._path: Any = jvm.org.apache.hadoop.fs.Path
        self._stream_reader: Any = jvm.java.io.InputStreamReader
        self._line_reader: Any = jvm.java.io.BufferedReader

    def _open(self, uri: str) -> tuple[Any, Any]:
        path = self._path(uri)
        return path.getFileSystem(self._conf), path

    def write_text(self, uri: str, text: str) -> None:
        fs, path = self._open(uri)
        stream = fs.create(path, True)
        try:
            stream.write(bytearray(text, "utf-8"))
        finally:
            stream.close()

    def lines(self, uri: str) -> Iterator[str]:
        """The lines of a text file, read as far as they are asked for."""
        fs, path = self._open(uri)
        reader = self._line_reader(self._stream_reader(fs.open(path), "UTF-8"))
        try:
            while (line := reader.readLine()) is not None:
                yield line
        finally:
            reader.close()

    def copy_to_local(self, uri: str, path: str) -> None:
        fs, source = self._open(uri)
        fs.copyToLocalFile(False, source, self._path(path), True)

    def exists(self, uri: str) -> bool:
        fs, path = self._open(uri)
        return bool(fs.exists(path))

    def text(self, uri: str) -> str | None:
        """What a small file says; None where there is none."""
        try:
            return "\n".join(self.lines(uri))
        except Py4JJavaError as error:
            if is_instance_of(self._gateway, error.java_exception, "java.io.FileNotFoundException"):
                return None
            raise

    def delete(self, uri: str) -> None:
        fs, path = self._open(uri)
        fs.delete(path, True)

    def delete_older(self, folder: str, before_ms: int) -> int:
        """Deletes the files below the folder, at any depth, that were last written before then; how many there were."""
        fs, path = self._open(folder)
        if not fs.exists(path):
            return 0
        files, deleted = fs.listFiles(path, True), 0
        while files.hasNext():
            status = files.next()
            if status.getModificationTime() < before_ms:
                deleted += bool(fs.delete(status.getPath(), False))
        return deleted

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
            found += [StoredFile(s.getPath().toString(), s.getLen(), self._version(s)) for s in statuses]
        return sorted(found, key=lambda file: file.uri)

    def _version(self, status: Any) -> str:
        has_etag = is_instance_of(self._gateway, status, "org.apache.hadoop.fs.EtagSource")
        return str(status.getEtag() if has_etag else status.getModificationTime())
