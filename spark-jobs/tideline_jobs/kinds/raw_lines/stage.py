"""Raw files to staged rows in one pass; a file that cannot be read becomes one row of the quarantine."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from zlib import decompressobj, error

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, Observation, SparkSession
from pyspark.sql import functions as F

from tideline_jobs.engine.builds import Build
from tideline_jobs.engine.staging import Staging
from tideline_jobs.kinds.raw_lines.lines import RawHours, file_name, read_lines
from tideline_jobs.kinds.raw_lines.parse import parse_lines
from tideline_jobs.kinds.raw_lines.provenance import provenance
from tideline_jobs.model.intervals import parse_key
from tideline_jobs.tables.storage import Storage, StoredFile

UNREADABLE = "UNREADABLE_FILE"
UNREADABLE_PERCENT = 5
# Unique or random text: a dictionary of it is work for nothing.
_NO_DICTIONARY = ("event_id", "trip_id", "payload", "row_hash", "raw", "start_address", "end_address")
_NAMED_FILES = 10
_CHUNK_BYTES = 64 * 1024
_GZIP_WINDOW_BITS = 31
_SPARK_FAILURES = (PySparkException, Py4JError)


def stage(build: Build, raw: RawHours) -> tuple[dict[str, int], dict[str, str]]:
    """
    Parses the lines into the build's staging folder: what was read per hour, and why hours of which too much cannot be
    read must not be published. An unreadable file counts as one line.
    """
    read, found = _stage(build, build.staging, raw, lambda rows: rows)
    broken = [file for files in found.unreadable.values() for file in files]
    if broken:
        build.report.message = f"not whole gzip files, in quarantine: {_names(broken)}"
    return read, _refused(found)


def stage_some(build: Build, staging: Staging, raw: RawHours, pick: Callable[[DataFrame], DataFrame]) -> None:
    """Parses the lines, of readable files, and stages those rows that `pick` takes."""
    _stage(build, staging, raw, pick)


def _stage(
    build: Build, staging: Staging, raw: RawHours, pick: Callable[[DataFrame], DataFrame]
) -> tuple[dict[str, int], RawHours]:
    try:
        return _write(build, staging, raw, pick), raw
    except _SPARK_FAILURES:
        broken = broken_files(build.spark, raw.files)
        if not broken:
            raise
    found = raw.without(broken)
    return _write(build, staging, found, pick), found


def _write(build: Build, staging: Staging, raw: RawHours, pick: Callable[[DataFrame], DataFrame]) -> dict[str, int]:
    """One pass over all lines; they are counted as they are read."""
    for column in _NO_DICTIONARY:
        build.spark.conf.set(f"parquet.enable.dictionary#{column}", "false")
    counter = Observation("lines")
    per_hour = [F.count_if(F.col("arrival_hour") == F.lit(parse_key("hour", key))).alias(key) for key in raw.by_hour]
    lines = read_lines(build.spark, raw).observe(counter, *per_hour)
    rows = parse_lines(lines, build.earliest_event, build.contract.custom["source"]["knownSchemaVersions"])
    if any(raw.unreadable.values()):
        rows = rows.unionByName(_rows_of_files(build.spark, raw.unreadable), allowMissingColumns=True)
    staging.write(pick(rows).coalesce(raw.tasks), exported=False)
    return {key: int(counter.get[key]) + len(raw.unreadable.get(key, [])) for key in raw.by_hour}


def _rows_of_files(spark: SparkSession, unreadable: dict[str, list[StoredFile]]) -> DataFrame:
    rows = [
        (file_name(file), f"{file.bytes} bytes", parse_key("hour", hour))
        for hour, files in unreadable.items()
        for file in files
    ]
    return spark.createDataFrame(rows, "file STRING, raw STRING, arrival_hour TIMESTAMP").select(
        "*",
        F.lit(1).cast("bigint").alias("line"),
        F.lit(UNREADABLE).alias("reason"),
        *provenance(),
    )


def broken_files(spark: SparkSession, files: list[StoredFile]) -> list[StoredFile]:
    """
    The files that are no whole gzip files. The executors say which cannot be read; whether that is the fault of the
    bytes or of the storage, a copy says.
    """

    def fails(file: StoredFile) -> bool:
        try:
            spark.read.text(file.uri).write.format("noop").mode("overwrite").save()
        except _SPARK_FAILURES:
            return True
        return False

    with ThreadPoolExecutor(spark.sparkContext.defaultParallelism) as pool:
        suspects = [file for file, failed in zip(files, pool.map(fails, files), strict=True) if failed]
    return [file for file in suspects if not _is_whole(spark, file)]


def _is_whole(spark: SparkSession, file: StoredFile) -> bool:
    with TemporaryDirectory(prefix="tideline-raw-") as folder:
        copy = Path(folder, "copy.gz")
        Storage(spark).copy_to_local(file.uri, str(copy))
        inflate = decompressobj(_GZIP_WINDOW_BITS)
        try:
            with copy.open("rb") as compressed:
                while chunk := compressed.read(_CHUNK_BYTES):
                    while chunk:
                        if inflate.eof:
                            inflate = decompressobj(_GZIP_WINDOW_BITS)
                        inflate.decompress(chunk)
                        chunk = inflate.unused_data
        except error:
            return False
        return inflate.eof


def _refused(raw: RawHours) -> dict[str, str]:
    """By hour, why more of its bytes cannot be read than may be missing from it."""
    refused = {}
    for hour, files in raw.unreadable.items():
        lost, read = (sum(file.bytes for file in part) for part in (files, raw.by_hour[hour]))
        if files and 100 * lost > UNREADABLE_PERCENT * (lost + read):
            refused[hour] = (
                f"{100 * lost / (lost + read):.0f} % of its bytes are no whole gzip files,"
                f" {UNREADABLE_PERCENT} % may be: {_names(files)}: put whole files in their place, or remove them,"
                " and build again"
            )
    return refused


def _names(files: list[StoredFile]) -> str:
    more = len(files) - _NAMED_FILES
    named = ", ".join(file_name(file) for file in files[:_NAMED_FILES])
    return f"{named} and {more} more" if more > 0 else named
