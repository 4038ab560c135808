"""Events per CPU-second of bronze.events, beside the job of a comparison document on the same data and machine."""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from generate import BENCH_HOUR, generate

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / ".tideline" / "tools"


@dataclass(frozen=True)
class Measurement:
    job: str
    events: int
    cpu_seconds: float
    wall_seconds: float

    @property
    def per_cpu_second(self) -> float:
        return self.events / self.cpu_seconds


def run_job(name: str, events: int, arguments: list[str], log: Path) -> Measurement:
    """Runs one spark-submit to its end; CPU is user and system time of all its processes, start-up included."""
    jars = ":".join(str(jar) for jar in sorted((TOOLS / "jars").glob("*.jar")))
    settings = ["--conf", "spark.ui.enabled=false", "--conf", "spark.ui.showConsoleProgress=false"]
    settings += ["--conf", "spark.sql.session.timeZone=UTC", "--driver-class-path", jars]
    settings += ["--driver-java-options", f"-Djava.io.tmpdir={log.parent}"]
    command = [str(TOOLS / "venv/bin/spark-submit"), "--master", "local[2]", "--driver-memory", "2g", *settings]
    environment = os.environ | {"PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}
    environment["PYTHONPATH"] = str(ROOT / "spark-jobs")
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    with log.open("w") as output:
        done = subprocess.run(
            [*command, *arguments], env=environment, stdout=output, stderr=subprocess.STDOUT, check=False
        )
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic() - started
    if done.returncode != 0:
        sys.exit(f"{name} failed; its log:\n{log.read_text()[-4000:]}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Measurement(name, events, cpu, wall)


def run_ours(folder: Path, raw: Path, events: int) -> Measurement:
    hour, end = BENCH_HOUR, BENCH_HOUR + timedelta(hours=1)
    result = folder / "result.json"
    arguments = ["build", "--product", "bronze.events"]
    arguments += ["--start", f"{hour:%Y-%m-%dT%H}", "--end", f"{end:%Y-%m-%dT%H}"]
    arguments += ["--build-id", "bench", "--generation", "1", "--lake", f"file:{folder / 'lake'}"]
    arguments += ["--raw", f"file:{raw}", "--result", f"file:{result}"]
    measured = run_job("bronze.events", events, [str(ROOT / "spark-jobs/main.py"), *arguments], folder / "ours.log")
    [counts] = json.loads(result.read_text())["intervals"]
    if counts["rowsIn"] != events:
        sys.exit(f"bronze.events read {counts['rowsIn']} of {events} lines")
    return measured


def run_document(folder: Path, raw: Path, events: int, document: Path) -> Measurement:
    job = [str(Path(__file__).with_name("document_job.py")), str(document), f"file:{raw}"]
    arguments = [*job, f"file:{folder / 'document-lake'}", f"{BENCH_HOUR:%Y-%m-%dT%H}"]
    return run_job("the document's job", events, arguments, folder / "document.log")


def table(measurements: list[Measurement]) -> str:
    lines = [f"{'job':<20} {'events':>9} {'CPU s':>8} {'wall s':>8} {'events per CPU s':>17}"]
    lines += [
        f"{m.job:<20} {m.events:>9,} {m.cpu_seconds:>8.1f} {m.wall_seconds:>8.1f} {m.per_cpu_second:>17,.0f}"
        for m in measurements
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000, help="production has 20 million an hour")
    parser.add_argument("--event-bytes", type=int, default=5_120, help="production has 4,000 to 6,000")
    parser.add_argument("--files", type=int, default=4)
    parser.add_argument("--document", type=Path, help="the document whose bronze job is compared")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tideline-bench-") as name:
        folder = Path(name)
        raw = folder / "raw"
        size = generate(raw, BENCH_HOUR, given.events, given.files, given.event_bytes)
        sys.stdout.write(f"{given.events:,} events of {size / given.events:,.0f} bytes in {given.files} files\n")
        measurements = [run_ours(folder, raw, given.events)]
        if given.document and given.document.is_file():
            measurements.append(run_document(folder, raw, given.events, given.document))
        sys.stdout.write(f"{table(measurements)}\n")
        if len(measurements) == 2:
            ours, theirs = measurements
            sys.stdout.write(f"{ours.per_cpu_second / theirs.per_cpu_second:.1f} times the document's job\n")
        else:
            sys.stdout.write("The comparison document is not there: give it with --document.\n")


if __name__ == "__main__":
    main()
