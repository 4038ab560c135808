"""A Spark driver as small jobs have it on the local platform, and the CPU that it takes."""

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from tideline_jobs.engine.session import open_session

TOOLS = Path(__file__).resolve().parents[2] / ".tideline"
_TICKS = os.sysconf("SC_CLK_TCK")


def open_driver(endpoint: str | None = None) -> SparkSession:
    """Opens the session; with `endpoint`, S3 is there."""
    jars = sorted((TOOLS / "tools/jars").glob("*.jar"))
    # Of several builds the newest: the installer leaves older ones.
    jars += sorted((TOOLS / "spark-jobs").glob("log-store-*.jar"), key=lambda jar: jar.stat().st_mtime)[-1:]
    options = f"-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Djava.io.tmpdir={tempfile.gettempdir()} -Duser.timezone=UTC"
    settings = {
        "spark.master": "local[2]",
        "spark.driver.memory": "2g",
        "spark.driver.extraClassPath": ":".join(map(str, jars)),
        "spark.driver.extraJavaOptions": f"'{options}'",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.codegen.factoryMode": "NO_CODEGEN",
        "spark.sql.adaptive.enabled": "false",
        # Nothing is written there.
        "spark.sql.warehouse.dir": str(TOOLS / "bench" / "warehouse"),
        "spark.delta.logStore.s3.impl": "tideline.ConditionalPutLogStore",
        "spark.hadoop.fs.s3.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
        "spark.hadoop.fs.s3a.endpoint": endpoint or "http://127.0.0.1:1",
        "spark.hadoop.fs.s3a.endpoint.region": "us-east-1",
        "spark.hadoop.fs.s3a.path.style.access": "true",
        "spark.hadoop.fs.s3a.connection.ssl.enabled": "false",
        "spark.hadoop.fs.s3a.access.key": "local",
        "spark.hadoop.fs.s3a.secret.key": "local",
    }
    os.environ |= {"PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}
    os.environ["PYSPARK_SUBMIT_ARGS"] = " ".join(f"--conf {k}={v}" for k, v in settings.items()) + " pyspark-shell"
    spark = open_session("growth")
    spark.sparkContext.setLogLevel("ERROR")
    return spark


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    # 14 and 15 in proc_pid_stat(5): time in user and in kernel mode.
    return int(fields[11]) + int(fields[12])


def cpu_seconds(spark: SparkSession, work: Callable[[], Any]) -> float:
    """What the driver's two processes take for `work`, as the first that they do: nothing is known of any log."""
    jvm: Any = spark._jvm
    jvm.org.apache.spark.sql.delta.DeltaLog.clearCache()
    jvm.java.lang.System.gc()
    pids = (os.getpid(), int(jvm.java.lang.ProcessHandle.current().pid()))
    before = sum(map(_ticks, pids))
    work()
    return (sum(map(_ticks, pids)) - before) / _TICKS
