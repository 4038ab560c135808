"""The products' contracts (Open Data Contract Standard v3.1), as the jobs read them."""

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from tideline_jobs.model.errors import BuildError
from tideline_jobs.model.intervals import Grain

# When a row was built: every table has it, and no transform says it.
PROCESSED_AT = "processing_timestamp"
# Its date (UTC), and what the row came through, in the tables that tell it.
PROCESSED_ON = "processing_date"
DATA_SOURCE = "data_source"
# How a row came to be, and nothing of what it says: rows that differ in these alone are equal.
PROVENANCE = (PROCESSED_AT, PROCESSED_ON, DATA_SOURCE)

_SOURCE_PRODUCTS = Path(__file__).resolve().parents[3] / "products"


@dataclass(frozen=True)
class Contract:
    """One product: its columns in order, its quality rules and its place among the others."""

    product: str
    columns: dict[str, str]
    document: dict[str, Any]

    @property
    def custom(self) -> dict[str, Any]:
        return {entry["property"]: entry["value"] for entry in self.document["customProperties"]}

    @property
    def grain(self) -> Grain:
        grain: Grain = self.custom["grain"]
        return grain

    @property
    def build(self) -> dict[str, str]:
        """How the rows come to be: its `kind`, and what that kind needs."""
        build: dict[str, str] = self.custom["build"]
        return build

    @property
    def partition_column(self) -> str | None:
        partitions = (column["name"] for column in self.table["properties"] if column.get("partitioned"))
        return next(partitions, None)

    @property
    def table(self) -> dict[str, Any]:
        """The schema of the contract's one table."""
        table: dict[str, Any] = self.document["schema"][0]
        return table

    @property
    def required(self) -> list[dict[str, Any]]:
        """The columns without nulls."""
        return [column for column in self.table["properties"] if column.get("required")]

    @property
    def is_exported(self) -> bool:
        """Whether the warehouse loads this product from the staged files."""
        return "warehouse" in self.custom

    @property
    def interval_column(self) -> str | None:
        """The column that says which interval a row belongs to; None when every build replaces the whole table."""
        return "arrival_hour" if self.grain == "hour" else self.partition_column

    @property
    def inputs(self) -> list[str]:
        """The products that this one is made from."""
        return [read["product"] for read in self.custom.get("inputs", [])]

    @property
    def event_column(self) -> str | None:
        """The column that says how fresh the data is; None for products that have no events, such as reference data."""
        fresh = (each for each in self.document["slaProperties"] if each["property"] == "freshness")
        return next((each["element"].partition(".")[2] for each in fresh), None)

    def days_read(self, product: str) -> range:
        """The days of an input that a date is made from, counted from that date."""
        read = next(each for each in self.custom["inputs"] if each["product"] == product)
        day = 24 if contract_of(product).grain == "hour" else 1
        return range(read["fromOffset"] // day, -(-read["toOffset"] // day))

    def conform(self, frame: DataFrame) -> DataFrame:
        """Exactly the contract's columns, in its order and its types."""
        return frame.select(*[F.col(name).cast(kind).alias(name) for name, kind in self.columns.items()])


def _contract(document: dict[str, Any]) -> Contract:
    properties = document["schema"][0]["properties"]
    columns = {column["name"]: column["physicalType"] for column in properties}
    return Contract(document["id"], columns, document)


def _read_documents() -> dict[str, dict[str, Any]]:
    packaged = resources.files("tideline_jobs").joinpath("declared/contracts.json")
    if packaged.is_file():
        documents: dict[str, dict[str, Any]] = json.loads(packaged.read_text("utf-8"))
        return documents
    # In the source tree the contracts are the YAML files themselves; the archive needs no YAML parser.
    import yaml  # noqa: PLC0415

    files = sorted(_SOURCE_PRODUCTS.glob("*/*/contract.yaml"))
    documents = {document["id"]: document for document in (yaml.safe_load(f.read_text("utf-8")) for f in files)}
    # Views are the warehouse's: no job reads or writes them.
    return {key: each for key, each in documents.items() if each["schema"][0]["physicalType"] == "delta"}


@cache
def all_contracts() -> dict[str, Contract]:
    return {product: _contract(document) for product, document in _read_documents().items()}


def contract_of(product: str) -> Contract:
    """The product's contract; a BAD_INPUT BuildError that names the products there are."""
    contracts = all_contracts()
    if product not in contracts:
        raise BuildError("BAD_INPUT", f'there is no product "{product}"; products: {", ".join(sorted(contracts))}')
    return contracts[product]


def read_seed(contract: Contract) -> str:
    """The text of the reference data that lies beside the contract."""
    return _read_beside(contract, contract.build["file"])


def read_model(contract: Contract) -> str:
    """The SELECT that lies beside the contract."""
    return _read_beside(contract, "model.sql")


def _read_beside(contract: Contract, name: str) -> str:
    place = f"{contract.product.replace('.', '/')}/{name}"
    packaged = resources.files("tideline_jobs").joinpath(f"declared/{place}")
    return packaged.read_text("utf-8") if packaged.is_file() else (_SOURCE_PRODUCTS / place).read_text("utf-8")
