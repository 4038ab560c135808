"""Products whose rows one SELECT says: `model.sql` beside the contract, over the products that it reads."""

import re
from typing import Any

from pyspark.errors import AnalysisException, ParseException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, FractionalType, IntegralType, _parse_datatype_string

from tideline_jobs.engine.builds import Build
from tideline_jobs.engine.publish import publish_rows
from tideline_jobs.model.contracts import PROCESSED_AT, Contract, all_contracts, read_model
from tideline_jobs.model.errors import BuildError, kind_of

# Texts and names in quotes, comments, and what stands as `layer.entity` where a relation does.
_PIECE = re.compile(
    r"""('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`[^`]*`)|(--[^\n]*|/\*.*?\*/)|\b(FROM|JOIN)\s+(([a-z]+)\.\w+)\b""",
    re.DOTALL | re.IGNORECASE,
)


def publish_model(build: Build) -> None:
    """Builds a product of the kind `sql`."""
    publish_rows(build, lambda inputs: model_rows(build.spark, build.contract, inputs), rows_in=F.count("*"))


def model_rows(spark: SparkSession, contract: Contract, inputs: dict[str, DataFrame]) -> DataFrame:
    """The rows of the model; a BAD_INPUT BuildError where model and contract do not fit."""
    sql, read = _bound(read_model(contract))
    _check_text(contract, sql, read, inputs)
    try:
        # The views that stand for the inputs are gone again when this is analysed.
        frame = spark.sql(sql, None, **{_view(product): rows for product, rows in inputs.items()})
    except (AnalysisException, ParseException) as failure:
        raise _wrong(contract, next(filter(None, str(failure).splitlines()), kind_of(failure))) from failure
    _check_columns(contract, frame)
    return frame


def _view(product: str) -> str:
    return product.replace(".", "__")


def _bound(model: str) -> tuple[str, set[str]]:
    """The model without comments, with `{layer__entity}` for the products that it reads, and those products."""
    layers = {product.partition(".")[0] for product in all_contracts()}
    read: set[str] = set()

    def bind(found: re.Match[str]) -> str:
        text, comment, keyword, product, layer = found.groups()
        if comment:
            return " "
        # `extract(HOUR FROM t.start_time)` names no relation.
        if text or layer not in layers:
            return found[0]
        read.add(product)
        return f"{keyword} {{{_view(product)}}}"

    return _PIECE.sub(bind, model.replace("{", "{{").replace("}", "}}")).strip(), read


def _wrong(contract: Contract, problem: str) -> BuildError:
    return BuildError("BAD_INPUT", f"{contract.product} model.sql: {problem}")


def _check_text(contract: Contract, sql: str, read: set[str], inputs: dict[str, DataFrame]) -> None:
    if not re.match(r"(SELECT|WITH)\b", sql, re.IGNORECASE):
        raise _wrong(contract, "must be one SELECT, with what it needs in WITH")
    if re.search(r"\b(FROM|JOIN)\s+\w+\s*\.\s*`", sql, re.IGNORECASE):
        raise _wrong(contract, "reads files: a model reads products")
    if unknown := sorted(read - inputs.keys()):
        raise _wrong(contract, f"reads {', '.join(unknown)}, which is no input of the contract: {', '.join(inputs)}")
    if unread := sorted(inputs.keys() - read):
        raise _wrong(contract, f"does not read {', '.join(unread)}: write FROM or JOIN {unread[0]}, or drop the input")


def _check_columns(contract: Contract, frame: DataFrame) -> None:
    wanted = {name: kind for name, kind in contract.columns.items() if name != PROCESSED_AT}
    missing, more = sorted(wanted.keys() - {*frame.columns}), sorted({*frame.columns} - wanted.keys())
    if missing or more:
        raise _wrong(
            contract, f"lacks {', '.join(missing) or 'no column'}; beyond the contract: {', '.join(more) or 'none'}"
        )
    jvm: Any = frame.sparkSession._jvm
    is_assignable = jvm.org.apache.spark.sql.catalyst.expressions.Cast.canANSIStoreAssign
    for name, kind in wanted.items():
        given, declared = frame.schema[name].dataType, _parse_datatype_string(kind)
        # Spark would store a fraction as a whole number without a word.
        is_cut = isinstance(given, FractionalType) and isinstance(declared, IntegralType)
        if is_cut or not is_assignable(_java(frame, given), _java(frame, declared)):
            raise _wrong(contract, f"{name} is {given.simpleString()}, in the contract {kind}: cast it")


def _java(frame: DataFrame, kind: DataType) -> Any:
    session: Any = frame.sparkSession
    return session._jsparkSession.parseDataType(kind.json())
