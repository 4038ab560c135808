"""Runs one job in a JVM that is up already: a fresh Python process, settings and SparkContext per job.

Started ahead of its job with PYSPARK_GATEWAY_PORT and PYSPARK_GATEWAY_SECRET, it connects to the JVM, then
waits for one line of JSON on standard input: entryPoint, arguments, pyFiles, jars, conf, workDir,
stdoutFile, stderrFile.
"""

import json
import os
import runpy
import sys
from typing import Any

from py4j.java_gateway import JVMView  # type: ignore[import-untyped]
from pyspark import SparkContext
from pyspark.sql import SparkSession  # noqa: F401  (imported ahead of the job, which will need it)
from pyspark.sql import functions as _functions  # noqa: F401

HADOOP_PREFIX = "spark.hadoop."


def redirect(stream: Any, path: str) -> None:
    stream.flush()
    with open(path, "ab") as file:
        os.dup2(file.fileno(), stream.fileno())


def hadoop_settings(settings: dict[str, str]) -> dict[str, str]:
    return {key: value for key, value in settings.items() if key.startswith(HADOOP_PREFIX)}


def replace_settings(jvm: JVMView, conf: dict[str, str]) -> None:
    """Makes conf the JVM's only spark.* properties: that is where a SparkContext finds its settings."""
    system = jvm.java.lang.System
    names = [name for name in system.getProperties().stringPropertyNames() if name.startswith("spark.")]
    former = {name: system.getProperty(name) for name in names}
    for name in names:
        system.clearProperty(name)
    for name, value in conf.items():
        system.setProperty(name, value)
    if hadoop_settings(former) != hadoop_settings(conf):
        # File systems are cached by address alone and would keep the former job's settings.
        jvm.org.apache.hadoop.fs.FileSystem.closeAll()


def add_jars(jvm: JVMView, jars: list[str]) -> None:
    """Gives the job its jars: this thread of the JVM and those that it starts know them, the next job's do not."""
    gateway = SparkContext._gateway
    assert gateway is not None
    urls = gateway.new_array(jvm.java.net.URL, len(jars))
    for index, jar in enumerate(jars):
        urls[index] = jvm.java.io.File(jar).toURI().toURL()
    thread = jvm.java.lang.Thread.currentThread()
    loader = jvm.org.apache.spark.util.MutableURLClassLoader(urls, thread.getContextClassLoader())
    thread.setContextClassLoader(loader)


def run(job: dict[str, Any]) -> None:
    redirect(sys.stdout, job["stdoutFile"])
    redirect(sys.stderr, job["stderrFile"])
    for name in ("PYSPARK_GATEWAY_PORT", "PYSPARK_GATEWAY_SECRET"):
        del os.environ[name]
    os.chdir(job["workDir"])
    jvm = SparkContext._jvm
    assert jvm is not None
    replace_settings(jvm, job["conf"])
    add_jars(jvm, job["jars"])
    # A table's snapshot from an earlier job would hide what another driver has committed since.
    jvm.org.apache.spark.sql.delta.DeltaLog.clearCache()
    sys.argv = [job["entryPoint"], *job["arguments"]]
    sys.path[0] = os.path.dirname(job["entryPoint"])
    sys.path[1:1] = job["pyFiles"]
    try:
        runpy.run_path(job["entryPoint"], run_name="__main__")
    finally:
        context = SparkContext._active_spark_context
        if context is not None:
            context.stop()


def main() -> None:
    SparkContext._ensure_initialized()
    line = sys.stdin.readline()
    # Standard input that ends without a job: the driver is no longer needed.
    if line:
        run(json.loads(line))


if __name__ == "__main__":
    main()
