"""One local Spark with Delta for all tests, and a lake of its own for each."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse import Lakehouse

ROOT = Path(__file__).resolve().parents[2]
# One heap needs no helper threads. Compiling well pays here: the session lives for hundreds of builds.
ONE_HEAP = "-XX:+UseSerialGC"
# A dozen rows cost less to interpret than the code for them costs to generate and to compile.
SMALL_INPUT = {
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.adaptive.enabled": "false",
    "spark.databricks.delta.snapshotPartitions": "1",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rows", action="store_true", help="show what a case's build has published")


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    jars = ":".join(str(jar) for jar in sorted((ROOT / ".tideline/tools/jars").glob("*.jar")))
    settings = {
        "spark.master": "local[2]",
        "spark.driver.memory": "1g",
        "spark.driver.extraClassPath": jars,
        "spark.driver.extraJavaOptions": f"'-Djava.io.tmpdir={tmp_path_factory.mktemp('java')} {ONE_HEAP}'",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.sql.warehouse.dir": str(tmp_path_factory.mktemp("warehouse")),
        "spark.sql.shuffle.partitions": "2",
        **SMALL_INPUT,
    }
    arguments = " ".join(f"--conf {key}={value}" for key, value in settings.items())
    os.environ["PYSPARK_SUBMIT_ARGS"] = f"{arguments} pyspark-shell"
    # Imported here, for the package lies outside the path until pytest has read its own configuration.
    from tideline_jobs.engine.session import open_session  # noqa: PLC0415

    session = open_session("tests")
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


@pytest.fixture
def lakehouse(spark: SparkSession, tmp_path: Path) -> Lakehouse:
    return Lakehouse(spark, tmp_path)
