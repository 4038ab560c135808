"""Why a job ended without doing its work."""

import logging
from collections.abc import Callable
from typing import Literal

ErrorKind = Literal["QUALITY_FAILED", "CONSERVATION_BROKEN", "BAD_INPUT", "CONFLICT", "SUPERSEDED", "INTERNAL"]

_log = logging.getLogger(__name__)
_MESSAGE_LIMIT = 4000


class BuildError(Exception):
    """Ends a job; the kind tells the orchestrator whether another try can help."""

    def __init__(self, kind: ErrorKind, message: str) -> None:
        super().__init__(message)
        self.kind: ErrorKind = kind
        self.message = message


def failure_of(work: Callable[[], None]) -> BuildError | None:
    """Does the work; why it failed, or None."""
    try:
        work()
    except BuildError as failure:
        return failure
    except Exception as failure:
        # Whatever goes wrong, the orchestrator reads the reason in the result file, not in the driver's log.
        _log.exception("the job ended unexpectedly")
        return BuildError("INTERNAL", f"{type(failure).__name__}: {failure}"[:_MESSAGE_LIMIT])
    return None
