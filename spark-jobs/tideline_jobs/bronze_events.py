"""bronze.events and bronze.events_quarantine: every raw line of a run of arrival hours, once, in one of the two."""

from dataclasses import dataclass
from datetime import date, datetime

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, Observation, Row
from pyspark.sql import functions as F

from tideline_jobs.bronze_dedup import losers_within, without
from tideline_jobs.bronze_lines import list_hours, read_lines
from tideline_jobs.bronze_parse import known_members, parse_lines
from tideline_jobs.bronze_publish import BronzeRows, count_by_hour, publish_events, publish_quarantine
from tideline_jobs.builds import Build
from tideline_jobs.errors import BuildError
from tideline_jobs.intervals import key_of, parse_key
from tideline_jobs.publish import settle_early
from tideline_jobs.quality import count_duplicates, explain, halts, judge, measures, rules_of
from tideline_jobs.tables import Table

_VALID = "reason IS NULL"
_BROKEN_GZIP = ("not a gzip file", "ZipException", "incorrect header check", "Unexpected end of input stream")
# Unique or random text: a dictionary of it is work for nothing.
_NO_DICTIONARY = ("event_id", "trip_id", "payload", "row_hash", "raw", "start_address", "end_address")


@dataclass(frozen=True)
class Staged:
    """What was staged, and what one pass over it found: per hour, and over all."""

    rows: DataFrame
    hours: dict[str, Row]

    @property
    def valid(self) -> DataFrame:
        return self.rows.where(_VALID)

    def total(self, name: str) -> int:
        return sum(int(row[name]) for row in self.hours.values())

    @property
    def span(self) -> tuple[datetime, datetime] | None:
        """First and last event time, or None without a valid event."""
        known = [row for row in self.hours.values() if row["first_event"] is not None]
        if not known:
            return None
        return min(row["first_event"] for row in known), max(row["last_event"] for row in known)

    @property
    def dates(self) -> list[date]:
        return sorted({day for row in self.hours.values() for day in row["dates"]})


def _stage(build: Build) -> dict[str, int]:
    """Parses the run's lines into the staging folder in one pass; the lines read per hour, counted as they are read."""
    raw = list_hours(build.spark, build.request.raw, build.keys)
    for column in _NO_DICTIONARY:
        build.spark.conf.set(f"parquet.enable.dictionary#{column}", "false")
    counter = Observation("lines")
    per_hour = [F.count_if(F.col("arrival_hour") == F.lit(parse_key("hour", key))).alias(key) for key in build.keys]
    lines = read_lines(build.spark, raw).observe(counter, *per_hour)
    earliest = build.request.earliest_event or build.contract.custom["earliestEvent"]
    parsed = parse_lines(lines, earliest, build.contract.custom["knownSchemaVersions"])
    try:
        build.staging.write(parsed.coalesce(raw.tasks))
    except (PySparkException, Py4JError) as failure:
        # The reason is among the causes, which PySpark keeps beside the message.
        told = f"{failure} {getattr(failure, '_stackTrace', '')}"
        if any(sign in told for sign in _BROKEN_GZIP):
            message = f"a raw file of {build.request.start}..{build.request.end} is no whole gzip file: {failure}"
            raise BuildError("BAD_INPUT", message[:2000]) from failure
        raise
    return {key: int(counter.get[key]) for key in build.keys}


def _examine(build: Build) -> Staged:
    rows, valid = build.staging.read(), F.expr(_VALID)
    grouped = rows.groupBy(key_of("hour", F.col("arrival_hour")).alias("key")).agg(
        F.count_if(valid).alias("valid"),
        F.count_if(~valid).alias("quarantined"),
        F.min(F.when(valid, F.col("event_timestamp"))).alias("first_event"),
        F.max(F.when(valid, F.col("event_timestamp"))).alias("last_event"),
        F.collect_set(F.when(valid, F.col("event_date"))).alias("dates"),
        F.collect_set("members").alias("members"),
        *measures(rules_of(build.contract), valid),
    )
    return Staged(rows, {row["key"]: row for row in grouped.collect()})


def _schema_drift(staged: Staged) -> list[str]:
    found = {name for row in staged.hours.values() for names in row["members"] for name in names}
    return sorted(found - known_members())


def _audit(build: Build, staged: Staged, winners: DataFrame, has_losers: bool) -> None:
    rules = rules_of(build.contract)
    failed: dict[int, int] = {}
    for number, rule in enumerate(rules):
        if rule.metric == "duplicateValues":
            failed[number] = count_duplicates(winners, rule.keys) if has_losers else 0
        elif rule.metric == "rowCount":
            failed[number] = staged.total("valid")
        else:
            failed[number] = staged.total(f"rule_{number}")
    build.report.quality = judge(rules, failed, staged.total("valid"))
    if halts(rules, build.report.quality):
        raise BuildError("QUALITY_FAILED", f"{build.request.product}: {explain(build.report.quality)}")


def run(build: Build) -> None:
    events = Table(build.spark, build.contract, build.request.lake)
    events.ensure()
    head = events.head()
    if settle_early(build, head):
        return
    read = _stage(build)
    staged = _examine(build)
    build.report.schema_drift = _schema_drift(staged)
    twins = losers_within(staged.valid).persist()
    try:
        twin_counts = count_by_hour(twins)
        winners = without(staged.valid, twins) if twin_counts else staged.valid
        _audit(build, staged, winners, bool(twin_counts))
        bronze = BronzeRows(
            winners=winners,
            rejected=staged.rows.where("reason IS NOT NULL"),
            read=read,
            valid={key: int(row["valid"]) for key, row in staged.hours.items()},
            twins=twin_counts,
            quarantined={key: int(row["quarantined"]) for key, row in staged.hours.items()},
            span=staged.span,
            dates=staged.dates,
        )
        requarantined = publish_quarantine(build, bronze)
        publish_events(build, events, head, bronze, requarantined)
    finally:
        twins.unpersist()
