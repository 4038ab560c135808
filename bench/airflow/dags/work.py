"""What the tasks do, and how many there are. A task writes down when it began and when it was done."""

import json
import os
import time
from pathlib import Path

SIZES: dict[str, int] = json.loads(os.environ["BENCH_SIZES"])


def note(case: str, task: int, what: str) -> None:
    """Appends one line in one write, so that the lines of processes that write at once stay whole."""
    with (Path(os.environ["BENCH_NOTES"]) / case).open("a") as notes:
        notes.write(f"{task} {what}\n")


def work(case: str, number: int, seconds: float = 0) -> None:
    note(case, number, "began")
    time.sleep(seconds)
    note(case, number, "done")
