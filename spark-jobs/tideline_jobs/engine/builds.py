"""One build: what is asked for, and what its commit says about it."""

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from pyspark.sql import SparkSession

from tideline_jobs.engine.staging import Staging
from tideline_jobs.model.contracts import Contract, contract_of
from tideline_jobs.model.errors import BuildError
from tideline_jobs.model.intervals import keys_between
from tideline_jobs.model.results import BuildReport, measured


@cache
def code_version() -> str:
    """The hash under which this code was deployed; `source` when it runs from a source tree."""
    deployed = resources.files("tideline_jobs").joinpath("version")
    return deployed.read_text("utf-8") if deployed.is_file() else "source"


@dataclass(frozen=True)
class BuildRequest:
    """The arguments of a job; intervals are the half-open run [start, end)."""

    product: str
    start: str
    end: str
    build_id: str
    generation: int
    lake: str
    raw: str | None = None
    """The folder of the raw files, of a product that is made from them."""
    earliest_event: str | None = None
    rebuild: bool = False
    """Build what is asked for even where the same input was built before."""
    forced: dict[str, Any] | None = None
    """What is missing of the input, who goes on without it, and why."""

    @property
    def identity(self) -> dict[str, Any]:
        return {
            "product": self.product,
            "buildId": self.build_id,
            "generation": self.generation,
            "start": self.start,
            "end": self.end,
        }


class Build:
    """A request on its way: the session, the contract, the staging folder and the report."""

    def __init__(self, spark: SparkSession, request: BuildRequest, report: BuildReport) -> None:
        self.spark = spark
        self.request = request
        self.report = report
        self.contract: Contract = contract_of(request.product)
        self.keys = keys_between(self.contract.grain, request.start, request.end)
        self.staging = Staging(spark, request.lake, request.product, request.build_id)
        # Version of the table before this build read anything: what others publish later, it may not know.
        self.first_version: int | None = None

    @property
    def raw(self) -> str:
        """The folder of the raw files; a BAD_INPUT BuildError where nobody has said it."""
        if self.request.raw is None:
            raise BuildError("BAD_INPUT", f"{self.request.product} is made from raw files: --raw says where they lie")
        return self.request.raw

    @property
    def earliest_event(self) -> str:
        return str(self.request.earliest_event or self.contract.custom["source"]["earliestEvent"])

    def commit_metadata(self) -> dict[str, Any]:
        return {
            **self.request.identity,
            "codeVersion": code_version(),
            **measured(self.report),
            **({"forced": self.request.forced} if self.request.forced else {}),
        }
