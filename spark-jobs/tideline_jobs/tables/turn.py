"""Whose turn it is to commit to a table that several builds write at once."""

import logging
import random
import time
import uuid
from collections.abc import Callable
from types import TracebackType

from py4j.protocol import Py4JJavaError

from tideline_jobs.tables.storage import Storage

# So long everybody waits, however little it has done itself.
LEAST_SECONDS = 60.0
_PAUSE_SECONDS = 1.0
# Somebody has it, as far as can be told.
_UNKNOWN = ""

_log = logging.getLogger(__name__)


class CommitTurn:
    """
    Who has lost a commit to another build takes the turn, and the others begin no writing until it is given back: of
    those that write already one can be first once more, so that few builds write their rows over and over because
    others are quicker. Nobody waits for longer than its own work has taken until then. It saves work and promises
    nothing: commits are right by their compare-and-set alone, also where two believe that it is their turn, and no
    error of the store about it ends a build.
    """

    def __init__(self, storage: Storage, uri: str, since: float) -> None:
        """`since`, by `time.monotonic`: when the build began its work."""
        self._storage = storage
        self._uri = uri
        self._since = since
        self._name = uuid.uuid4().hex
        self._has_asked = False

    def __enter__(self) -> "CommitTurn":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._has_asked and self._holder() == self._name:
            self._ask(lambda: self._storage.delete(self._uri))

    def wait(self) -> None:
        """Until no other build has it."""
        self._await(takes=False)

    def take(self) -> None:
        """Until this build has it."""
        self._has_asked = True
        self._await(takes=True)

    def _await(self, *, takes: bool) -> None:
        begun = time.monotonic()
        until = begun + max(LEAST_SECONDS, begun - self._since)
        first = holder = self._holder()
        while holder != self._name and (takes or holder is not None):
            if time.monotonic() > until:
                # Who has had it all the time has ended without giving it back, or is much slower.
                if holder is not None and holder == first:
                    self._ask(lambda: self._storage.delete(self._uri))
                return
            # Of several that see it free in one moment the last has it: those before it find that after the pause.
            if holder is None:
                self._ask(lambda: self._storage.write_text(self._uri, self._name))
            # At random, so that those who wait do not come all at once.
            time.sleep(random.uniform(0.5, 1.5) * _PAUSE_SECONDS)
            holder = self._holder()

    def _holder(self) -> str | None:
        return self._ask(lambda: self._storage.text(self._uri))

    def _ask(self, ask: Callable[[], str | None]) -> str | None:
        try:
            return ask()
        except Py4JJavaError as error:
            # Also where it changes hands just now: S3A reads no object that is replaced meanwhile.
            _log.warning("the turn %s cannot be told: %s", self._uri, error.java_exception)
            return _UNKNOWN
