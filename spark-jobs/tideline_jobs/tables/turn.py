"""Whose turn it is to commit to a table that several builds write at once."""

import logging
import random
import time
import uuid
from types import TracebackType

from tideline_jobs.tables.storage import Storage

# Who writes for longer has ended without giving its turn back, or is waited for no more.
LONGEST_SECONDS = 300
_PAUSE_SECONDS = 1.0

_log = logging.getLogger(__name__)


class CommitTurn:
    """
    Who has lost a commit to another build takes the turn, and the others begin no writing until it is given back: of
    those that write already one can be first once more, so that no build writes its rows over and over because others
    are quicker. It saves work and promises nothing: commits are right by their compare-and-set alone, also where two
    believe that it is their turn.
    """

    def __init__(self, storage: Storage, uri: str) -> None:
        self._storage = storage
        self._uri = uri
        self._name = uuid.uuid4().hex
        self._has_asked = False

    def __enter__(self) -> "CommitTurn":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._has_asked and self._storage.text(self._uri) == self._name:
            self._storage.delete(self._uri)

    def wait(self) -> None:
        """Until no other build has the turn; one that has had it for too long loses it."""
        seen, since = None, time.monotonic()
        while (holder := self._storage.text(self._uri)) not in (None, self._name):
            if holder != seen:
                _log.info("another build commits first: %s", self._uri)
                seen, since = holder, time.monotonic()
            elif time.monotonic() - since > LONGEST_SECONDS:
                self._storage.delete(self._uri)
                return
            _pause()

    def take(self) -> None:
        """Waits for it, and takes it."""
        self._has_asked = True
        self.wait()
        # Of several that see it free in one moment the last has it: those before it find that after a pause.
        while self._storage.text(self._uri) != self._name:
            self._storage.write_text(self._uri, self._name)
            _pause()
            self.wait()


def _pause() -> None:
    # At random, so that those who wait do not come all at once.
    time.sleep(random.uniform(0.5, 1.5) * _PAUSE_SECONDS)
