"""
Runs the bronze job of the comparison document, read from the document when it runs; none of its text is kept here.

What is changed so that it runs at all, and nothing else: Glue's own modules are stand-ins, a missing import is added,
its buckets are local folders, one given hour is processed instead of the last two, and a payload that arrives as an
object is turned into the string that the job expects.
"""

import re
import sys
import types
from datetime import datetime
from pathlib import Path
from typing import Any

from pyspark import SparkContext
from pyspark.sql import SparkSession

_READ = "spark.read.json(input_path)"


def job_source(document: Path) -> str:
    """The one Python block of the document that reads raw JSON by the hour."""
    blocks = re.findall(r"```python\n(.*?)```", document.read_text("utf-8"), re.DOTALL)
    found = [block for block in blocks if "def process_hour" in block and _READ in block]
    if len(found) != 1:
        sys.exit(f"{document} holds {len(found)} bronze jobs; one was expected")
    return str(found[0])


def install_stand_ins() -> None:
    """Modules named like Glue's, with just what the job touches."""

    class GlueContext:
        def __init__(self, context: SparkContext) -> None:
            self.spark_session = SparkSession(context)

    class Job:
        def __init__(self, context: GlueContext) -> None:
            self.context = context

        def init(self, *_: Any) -> None:
            """Glue's bookmarks: not part of the comparison."""

    members: dict[str, dict[str, Any]] = {
        "awsglue": {},
        "awsglue.transforms": {},
        "awsglue.utils": {"getResolvedOptions": lambda *_: {"JOB_NAME": "bronze"}},
        "awsglue.context": {"GlueContext": GlueContext},
        "awsglue.job": {"Job": Job},
    }
    for name, content in members.items():
        module = types.ModuleType(name)
        vars(module).update(content)
        sys.modules[name] = module


def main(document: str, raw: str, output: str, hour: str) -> None:
    source = job_source(Path(document))
    definitions = source[: source.index("current_hour =")]
    definitions = re.sub(r'"s3://[^"]*/raw/events/"', repr(f"{raw}/"), definitions)
    definitions = re.sub(r'"s3://[^"]*/bronze/events/"', repr(output), definitions)
    definitions = definitions.replace(_READ, f'{_READ}.withColumn("payload", to_json(col("payload")))')
    install_stand_ins()
    scope: dict[str, Any] = {"__name__": "document_job"}
    imports = "from pyspark.sql.functions import to_json, to_timestamp\n"
    exec(compile(imports + definitions, document, "exec"), scope)
    scope["process_hour"](datetime.strptime(hour, "%Y-%m-%dT%H"))


if __name__ == "__main__":
    main(*sys.argv[1:])
