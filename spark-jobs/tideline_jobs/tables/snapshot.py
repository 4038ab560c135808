"""What builds said about themselves in the commits up to a version of a table."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, takewhile

from tideline_jobs.model.intervals import parse_key
from tideline_jobs.tables.log import Commit, Log

# Builds of days, of an hourly table; a zombie older than that has long lost its claim.
_RECENT_COMMITS = 200
_LAST_COMMITS = 10
# By how much the clocks of the orchestrator and of a Spark driver may differ.
CLOCK_TOLERANCE_MS = 3_600_000
# So many commits in a row are not all by drivers whose clocks are wrong.
_WRONG_CLOCKS = 10


@dataclass(frozen=True)
class Snapshot:
    """A state of the table that a build reads from, with the commits up to it."""

    log: Log
    versions: range

    @property
    def version(self) -> int:
        return self.versions[0]

    def commits(self, since_ms: int = 0) -> Iterator[Commit]:
        """
        The newest commits first that no restore has undone, as far as they may be younger than `since_ms`. One alone
        that seems to be older is no sign: the clock of its driver may be wrong.
        """
        newest_standing = self.version
        older = 0
        for version in self.versions:
            if version > newest_standing:
                continue
            commit = self.log.commit(version)
            older = older + 1 if commit.at_ms < since_ms - CLOCK_TOLERANCE_MS else 0
            if older > _WRONG_CLOCKS:
                return
            yield commit
            if commit.restored is not None:
                newest_standing = commit.restored

    def recent(self) -> Iterator[Commit]:
        """The newest commits, as far back as builds are remembered."""
        return islice(self.commits(), _RECENT_COMMITS)

    @cached_property
    def sequence(self) -> int:
        """Number of the last build or announced restore, undone or not. Maintenance changes no rows and has none."""
        # The checkpoint knows it of all that came before, however long a table has been quiet but for its maintenance;
        # of a busy one the last few commits tell it sooner.
        oldest = min(self.log.checkpointed_version, self.version - _LAST_COMMITS)
        since = takewhile(lambda version: version > oldest, self.versions)
        commits = (self.log.commit(version) for version in since)
        newest = next((int(commit.metadata["sequence"]) for commit in commits if "sequence" in commit.metadata), None)
        return self.log.checkpointed_sequence() if newest is None else newest

    @property
    def has_builds(self) -> bool:
        return self.sequence > 0

    def find_restore(self, restore_id: str, since_ms: int) -> Commit | None:
        """The commit of a restore that began at `since_ms`."""
        restores = (commit for commit in self.commits(since_ms) if commit.restored is not None)
        return next((commit for commit in restores if commit.metadata.get("restoreId") == restore_id), None)

    def newer(self, generation: int) -> Iterator[Commit]:
        """Commits of builds and of restores that were asked for after `generation`."""
        return (commit for commit in self.commits(generation) if commit.metadata.get("generation", 0) > generation)

    def newer_restore(self, generation: int) -> Commit | None:
        """A restore that was asked for after `generation`, also one that has only been announced."""
        return next((commit for commit in self.newer(generation) if "restoreId" in commit.metadata), None)

    def find_build(self, build_id: str, since_ms: int) -> Commit | None:
        """The commit of a build that began at `since_ms`."""
        commits = self.commits(since_ms)
        return next((commit for commit in commits if commit.build and commit.build["buildId"] == build_id), None)

    def newer_build(self, start: str, end: str, generation: int, since: int) -> Commit | None:
        """
        A commit by a build of a higher generation that leaves nothing to do in [start, end), or that took a part of it
        after version `since`. A part taken before is no obstacle: who reads its inputs later knows all that it knew.
        """
        # A generation is the time at which the build was asked for, so that no newer one committed before it.
        for commit in self.commits(generation):
            build = commit.build
            if build and build["generation"] > generation and build["start"] < end and start < build["end"]:
                whole = build["start"] <= start and end <= build["end"]
                if whole or commit.version > since:
                    return commit
        return None

    def last_build(self, key: str) -> Commit | None:
        """The newest commit that published the interval, as far back as builds are remembered; none is older."""
        start_ms = int(parse_key("hour" if "T" in key else "date", key).timestamp() * 1000)
        recent = islice(self.commits(start_ms), _RECENT_COMMITS)
        return next((commit for commit in recent if commit.covers(key)), None)

    def rewrote_since(self, key: str, version: int) -> bool:
        """Whether a build of other intervals has taken rows from this one after `version`."""
        later = takewhile(lambda commit: commit.version > version, self.commits())
        return any(commit.build and key in commit.build.get("rewrittenIntervals", ()) for commit in later)

    def never_built(self, key: str) -> bool:
        """Whether it is certain that no build, undone or not, has published the interval: only the whole log tells."""
        whole_log = self.versions[-1] == 0 and len(self.versions) <= _RECENT_COMMITS
        return whole_log and not any(self.log.commit(version).covers(key) for version in self.versions)
