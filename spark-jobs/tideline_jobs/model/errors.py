"""Why a job ended without doing its work."""

import logging
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Literal

from py4j.protocol import Py4JError, Py4JJavaError
from pyspark.errors import PySparkException

ErrorKind = Literal["QUALITY_FAILED", "CONSERVATION_BROKEN", "BAD_INPUT", "CONFLICT", "SUPERSEDED", "INTERNAL"]

_log = logging.getLogger(__name__)
_OUR_CODE = __name__.partition(".")[0]


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
        _log.exception("the job ended unexpectedly")
        return BuildError("INTERNAL", f"{kind_of(failure)}{_place(failure)}; the job's log tells the rest")
    return None


def kind_of(failure: BaseException) -> str:
    """
    What kind of failure it is, in one line: types and Spark's error conditions. What Spark says beside them holds rows
    and stack traces: these are for the job's log, and not for the histories and alarms that this ends in.
    """
    kinds = [type(failure).__name__]
    if isinstance(failure, PySparkException) and failure.getCondition():
        kinds.append(str(failure.getCondition()))
    origin = failure.java_exception if isinstance(failure, Py4JJavaError) else getattr(failure, "_origin", None)
    return ": ".join(dict.fromkeys(filter(None, [*kinds, *_kinds_of_java(origin)])))


def _kinds_of_java(thrown: Any) -> Iterator[str]:
    """The kinds of a Java exception and of what caused it."""
    while thrown is not None:
        yield str(thrown.getClass().getSimpleName())
        # Only Spark's own have a condition.
        with suppress(Py4JError):
            yield str(thrown.getCondition() or "")
        thrown = thrown.getCause()


def _place(failure: BaseException) -> str:
    """Where in the jobs' own code it happened."""
    frames = [frame for frame in traceback.extract_tb(failure.__traceback__) if _OUR_CODE in frame.filename]
    if not frames:
        return ""
    place = frames[-1].filename.rpartition(f"{_OUR_CODE}/")[2]
    return f" at {place}:{frames[-1].lineno}"
