"""Events that leave an hour when it is built again: where later hours had them too, the next copy takes the place."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from tideline_jobs.engine.builds import Build
from tideline_jobs.engine.rows import rows_of
from tideline_jobs.engine.staging import Staging
from tideline_jobs.kinds.raw_lines.copies import IDENTITY, compare, firsts
from tideline_jobs.kinds.raw_lines.deduplication import Deduplication
from tideline_jobs.kinds.raw_lines.lines import list_hours
from tideline_jobs.kinds.raw_lines.stage import stage_some
from tideline_jobs.model.intervals import key_of, parse_key
from tideline_jobs.tables.log import Commit
from tideline_jobs.tables.snapshot import Snapshot


def promote_later_copies(
    build: Build, snapshot: Snapshot, before: DataFrame | None, changed: list[str], found: Deduplication
) -> Deduplication:
    """What was found, with later copies of the events that were in `changed` hours before and are no longer staged."""
    if before is None or not changed:
        return found
    was_there = before.where(rows_of(build.contract, changed)).select(*IDENTITY)
    gone = was_there.join(found.staged.valid.select(*IDENTITY), list(IDENTITY), "left_anti")
    hours = sorted(_hours_with_later_copies(snapshot, changed) - {*found.staged.keys}) if not gone.isEmpty() else []
    if not hours:
        return found
    staging = Staging(build.spark, build.request.lake, build.request.product, f"{build.request.build_id}/copies")
    raw = list_hours(build.spark, build.raw, hours)
    stage_some(
        build, staging, raw, lambda rows: rows.where("reason IS NULL").join(F.broadcast(gone), [*IDENTITY], "left_semi")
    )
    copies = staging.read()
    promoted = firsts(copies)
    hour, date = key_of("hour", F.col("arrival_hour")).alias("hour"), F.col("event_date").cast("string").alias("date")
    places = promoted.select(hour, date).distinct().collect()
    if not places:
        return found
    later = compare(copies, None).where("rank > 1").select(key_of("hour", F.col("winner")).alias("first"), hour)
    pairs = {(row["first"], row["hour"]) for row in later.distinct().collect() if row["first"] != row["hour"]}
    rewrite = found.rewrite.with_promoted(
        promoted, {place["hour"] for place in places}, {place["date"] for place in places}
    )
    return replace(found, later_copies=found.later_copies | pairs, rewrite=rewrite)


def are_recorded(snapshot: Snapshot, later_copies: Collection[tuple[str, str]]) -> bool:
    """Whether recent builds have said already which hours have later copies of which hours' events."""
    followers = _followers(snapshot.recent()) if later_copies else {}
    return all(hour in _transitive(followers, {first}) for first, hour in later_copies)


def _hours_with_later_copies(snapshot: Snapshot, hours: list[str]) -> set[str]:
    """These hours and those that, as builds have said, had later copies of events of theirs."""
    # A build of an hour is never older than the hour.
    since_ms = int(parse_key("hour", hours[0]).timestamp() * 1000)
    return _transitive(_followers(snapshot.commits(since_ms)), {*hours})


def _followers(commits: Iterable[Commit]) -> dict[str, set[str]]:
    followers: defaultdict[str, set[str]] = defaultdict(set)
    for commit in commits:
        for hour, later in (commit.build or {}).get("laterCopies", {}).items():
            followers[hour].update(later)
    return followers


def _transitive(followers: Mapping[str, set[str]], hours: set[str]) -> set[str]:
    """The hours and all that follow them: of three copies the third may have been told of the second only."""
    found: set[str] = set()
    ahead = hours
    while ahead:
        found |= ahead
        ahead = {later for hour in ahead for later in followers.get(hour, ())} - found
    return found
