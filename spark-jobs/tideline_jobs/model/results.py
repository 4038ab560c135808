"""What a build tells the orchestrator, and what its commit remembers."""

from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from tideline_jobs.model.errors import BuildError

# A payload that is keyed by ids has a name for each: a result, and a history, takes no more of them.
DRIFT_NAMES = 50

Status = Literal["published", "unchanged", "failed"]


@dataclass(frozen=True)
class IntervalCounts:
    interval: str
    rows_in: int
    rows_published: int
    rows_duplicate: int = 0
    rows_quarantined: int = 0
    changed: bool = False


@dataclass(frozen=True)
class HeldBack:
    """An interval that was built and not published: what is published of it stays as it is."""

    interval: str
    reason: str


@dataclass(frozen=True)
class Check:
    name: str
    column: str | None
    failed_rows: int
    total_rows: int
    passed: bool


@dataclass(frozen=True)
class Quality:
    score: float = 1.0
    checks: tuple[Check, ...] = ()


@dataclass
class BuildReport:
    """Filled in while the build goes on, so that a failure still tells what was known."""

    intervals: list[IntervalCounts] = field(default_factory=list)
    held_back: list[HeldBack] = field(default_factory=list)
    quality: Quality = field(default_factory=Quality)
    input_versions: dict[str, int] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    """Per interval, what it is built from: equal for equal files. Empty for what is built from other tables."""
    newest_events: dict[str, str] = field(default_factory=dict)
    """Per interval with events, the time of the newest, ISO-8601."""
    orphan_events: dict[str, int] = field(default_factory=dict)
    """Per interval, events of the input that can be in no row; empty where they are not counted."""
    output_version: int = 0
    changed_partitions: list[str] = field(default_factory=list)
    export_manifest: str | None = None
    schema_drift: list[str] = field(default_factory=list)
    """The first names of fields without a column; there are `schema_drift_count`."""
    schema_drift_count: int = 0
    status: Status = "failed"
    message: str | None = None

    def add_drift(self, names: Collection[str], count: int) -> None:
        known = {*self.schema_drift, *names}
        self.schema_drift = sorted(known)[:DRIFT_NAMES]
        self.schema_drift_count = max(self.schema_drift_count, count, len(known))


@dataclass
class MaintenanceReport:
    """Filled in while the maintenance goes on; as it is for a product that has no table yet."""

    version: int | None = None
    partitions: int = 0
    files_before: int = 0
    files_after: int = 0
    bytes_before: int = 0
    bytes_after: int = 0
    files_deleted: int = 0
    staged_files_deleted: int = 0
    readable_since: str | None = None
    """Every version that was the newest at this time or later can be read."""


@dataclass
class RestoreReport:
    """What a restore has done."""

    restored: int
    """The version whose rows the table has again."""
    version: int = 0
    """The version that has them now."""
    changed_partitions: list[str] = field(default_factory=list)
    export_manifest: str | None = None
    export_start: str = "0001-01-01"
    """The dates [start, end) that the export holds; all of them where the table has no partitions."""
    export_end: str = "9999-12-31"


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(part.title() for part in tail)


def _record(value: Any) -> dict[str, Any]:
    return {_camel(name): entry for name, entry in asdict(value).items()}


def measured(report: BuildReport) -> dict[str, Any]:
    """The part of the result that the commit keeps, so that a second publish can answer like the first."""
    return {
        "intervals": [_record(counts) for counts in report.intervals],
        "heldBack": [_record(held) for held in report.held_back],
        "quality": {
            "score": report.quality.score,
            "checks": [_record(check) for check in report.quality.checks],
        },
        "inputVersions": report.input_versions,
        "sources": report.sources,
        "newestEvents": report.newest_events,
        "orphanEvents": report.orphan_events,
        "schemaDrift": report.schema_drift,
        "schemaDriftCount": report.schema_drift_count,
    }


def fill_report(report: BuildReport, kept: dict[str, Any], keys: list[str] | None = None) -> None:
    """Fills `report` from what `measured` gave; with `keys`, adds these intervals to what it says already."""
    snake = {_camel(name): name for name in (*IntervalCounts.__annotations__, *Check.__annotations__)}

    def arguments(record: dict[str, Any]) -> dict[str, Any]:
        return {snake[name]: value for name, value in record.items()}

    counts = [IntervalCounts(**arguments(record)) for record in kept["intervals"]]
    if keys is None:
        report.intervals, report.schema_drift, report.schema_drift_count = counts, [], 0
        # Commits of earlier releases have no such list.
        report.held_back = [HeldBack(**record) for record in kept.get("heldBack", [])]
    else:
        report.intervals += [each for each in counts if each.interval in keys]
    report.add_drift(kept["schemaDrift"], kept.get("schemaDriftCount", 0))
    checks = tuple(Check(**arguments(record)) for record in kept["quality"]["checks"])
    report.quality = Quality(kept["quality"]["score"], checks)
    report.input_versions = kept["inputVersions"]
    # Commits of earlier releases tell neither the newest events nor orphans.
    newest = kept.get("newestEvents", {})
    if keys is None:
        report.newest_events = newest
        report.orphan_events = kept.get("orphanEvents", {})
        report.sources = kept.get("sources", {})
    else:
        report.newest_events |= {key: newest[key] for key in keys if key in newest}


def result_document(identity: dict[str, Any], report: BuildReport, error: BuildError | None) -> dict[str, Any]:
    """The result file: `identity` says which build, the report what became of it."""
    return {
        **identity,
        "status": "failed" if error else report.status,
        **measured(report),
        "outputVersion": report.output_version,
        "changedPartitions": report.changed_partitions,
        "exportManifest": report.export_manifest,
        "message": report.message,
        "error": told(error),
    }


def maintenance_document(
    identity: dict[str, Any], report: MaintenanceReport, error: BuildError | None
) -> dict[str, Any]:
    """The result file of a maintenance."""
    return {**identity, **_record(report), "error": told(error)}


def restore_document(identity: dict[str, Any], report: RestoreReport, error: BuildError | None) -> dict[str, Any]:
    """The result file of a restore."""
    return {**identity, **_record(report), "error": told(error)}


def told(error: BuildError | None) -> dict[str, str] | None:
    """An error as a result file has it."""
    return {"kind": error.kind, "message": error.message} if error else None
