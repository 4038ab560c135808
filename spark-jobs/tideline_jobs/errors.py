"""Why a build ended without publishing."""

from typing import Literal

ErrorKind = Literal["QUALITY_FAILED", "CONSERVATION_BROKEN", "BAD_INPUT", "CONFLICT", "INTERNAL"]


class BuildError(Exception):
    """Ends a build; the kind tells the orchestrator whether another try can help."""

    def __init__(self, kind: ErrorKind, message: str) -> None:
        super().__init__(message)
        self.kind: ErrorKind = kind
        self.message = message
