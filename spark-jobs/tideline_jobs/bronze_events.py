"""bronze.events and bronze.events_quarantine: every raw line of a run of arrival hours, once, in one of the two."""

from dataclasses import replace

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import Observation
from pyspark.sql import functions as F

from tideline_jobs.bronze_lines import RawHours, list_hours, read_lines
from tideline_jobs.bronze_parse import parse_lines
from tideline_jobs.bronze_publish import publish_events, publish_quarantine
from tideline_jobs.bronze_staged import StagedHours
from tideline_jobs.builds import Build, code_version
from tideline_jobs.errors import BuildError
from tideline_jobs.history import Commit, Head
from tideline_jobs.intervals import key_of, parse_key
from tideline_jobs.publish import judge, require_publishable, settle_early
from tideline_jobs.quality import measures, rules_of
from tideline_jobs.results import DRIFT_NAMES, restore
from tideline_jobs.tables import Table

_VALID = "reason IS NULL"
_BROKEN_GZIP = ("not a gzip file", "ZipException", "incorrect header check", "Unexpected end of input stream")
# Unique or random text: a dictionary of it is work for nothing.
_NO_DICTIONARY = ("event_id", "trip_id", "payload", "row_hash", "raw", "start_address", "end_address")


def _built_before(build: Build, head: Head) -> dict[str, Commit]:
    """The hours of the run that this code has built from the very same files: most hours, for each is built twice."""
    if build.request.rebuild:
        return {}
    found = {key: head.last_build(key) for key in build.keys}
    return {
        key: commit
        for key, commit in found.items()
        if commit
        and commit.build
        and commit.build["codeVersion"] == code_version()
        and commit.build.get("sources", {}).get(key) == build.sources[key]
        and not head.rewrote_since(key, commit.version)
    }


def _restore(build: Build, kept: dict[str, Commit]) -> None:
    for key, commit in kept.items():
        if commit.build:
            restore(build.report, commit.build, [key])
    build.report.intervals = [replace(counts, changed=False) for counts in build.report.intervals]


def _stage(build: Build, raw: RawHours) -> dict[str, int]:
    """Parses the lines into the staging folder in one pass; the lines read per hour, counted as they are read."""
    for column in _NO_DICTIONARY:
        build.spark.conf.set(f"parquet.enable.dictionary#{column}", "false")
    counter = Observation("lines")
    per_hour = [F.count_if(F.col("arrival_hour") == F.lit(parse_key("hour", key))).alias(key) for key in raw.by_hour]
    lines = read_lines(build.spark, raw).observe(counter, *per_hour)
    parsed = parse_lines(lines, build.earliest_event, build.contract.custom["knownSchemaVersions"])
    try:
        build.staging.write(parsed.coalesce(raw.tasks), exported=False)
    except (PySparkException, Py4JError) as failure:
        # The reason is among the causes, which PySpark keeps beside the message.
        told = f"{failure} {getattr(failure, '_stackTrace', '')}"
        if any(sign in told for sign in _BROKEN_GZIP):
            message = f"a raw file of {build.request.start}..{build.request.end} is no whole gzip file"
            raise BuildError("BAD_INPUT", message) from failure
        raise
    return {key: int(counter.get[key]) for key in raw.by_hour}


def _examine(build: Build, read: dict[str, int]) -> StagedHours:
    rows, valid = build.staging.read(), F.expr(_VALID)
    grouped = rows.groupBy(key_of("hour", F.col("arrival_hour")).alias("key")).agg(
        F.count_if(valid).alias("valid"),
        F.count_if(~valid).alias("quarantined"),
        F.min(F.when(valid, F.col("event_timestamp"))).alias("first_event"),
        F.max(F.when(valid, F.col("event_timestamp"))).alias("last_event"),
        F.collect_set(F.when(valid, F.col("event_date"))).alias("dates"),
        F.count("members").alias("drifted"),
        *measures(rules_of(build.contract), valid),
    )
    return StagedHours(
        read, rows.where(_VALID), rows.where(f"NOT ({_VALID})"), {r["key"]: r for r in grouped.collect()}
    )


def _drift(build: Build) -> tuple[list[str], int]:
    """The first names of fields without a column, and how many there are: it may be one for every line."""
    names = build.staging.read().select(F.explode("members").alias("name")).distinct()
    return [row["name"] for row in names.orderBy("name").limit(DRIFT_NAMES).collect()], names.count()


def run(build: Build) -> None:
    events = Table(build.spark, build.contract, build.request.lake)
    events.ensure()
    head = events.head()
    if settle_early(build, head):
        return
    raw = list_hours(build.spark, build.request.raw, build.keys)
    build.sources = {key: f"{raw.fingerprint(key)} {build.earliest_event}" for key in build.keys}
    kept = _built_before(build, head)
    _restore(build, kept)
    missing = [key for key in build.keys if key not in kept]
    if not missing:
        build.report.status, build.report.output_version = "unchanged", head.version
        return
    staged = _examine(build, _stage(build, raw.of(missing)))
    if staged.has_drift:
        build.report.add_drift(*_drift(build))
    judge(build, missing, {key: row.asDict() for key, row in staged.rows_by_key.items()}, staged.valid)
    # Of an hour that is held back too: people have to see its lines.
    requarantined = publish_quarantine(build, staged)
    held_back = {held.interval for held in build.report.held_back}
    good = staged.of({*missing} - held_back) if held_back else staged
    if not good.keys:
        require_publishable(build)
    publish_events(build, events, head, good, requarantined)
