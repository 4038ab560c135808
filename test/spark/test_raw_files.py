"""The fingerprint of an hour's raw files, which the watch computes too (test/unit/raw-files.test.ts)."""

import json
from pathlib import Path
from typing import Any

import pytest

from events import event
from lakehouse import Lakehouse
from tideline_jobs.kinds.raw_lines.lines import fingerprint

GOLDEN = json.loads((Path(__file__).parent.parent / "raw-fingerprints.json").read_text())


@pytest.mark.parametrize("golden", GOLDEN)
def test_a_fingerprint_is_the_same_in_both_languages(golden: dict[str, Any]) -> None:
    assert fingerprint((name, size, etag) for name, size, etag in golden["files"]) == golden["fingerprint"]


def test_a_build_reads_the_files_whose_names_spark_reads_and_no_others(lakehouse: Lakehouse) -> None:
    hour = "2025-01-18T05"
    names = json.loads((Path(__file__).parent.parent / "golden" / "raw-names.json").read_text())
    lakehouse.land(hour, [event("e", "trip_requested", "2025-01-18T05:10:00Z")])
    [landed] = lakehouse.folder.rglob("part-0.json.gz")
    for name in [*names["read"], *names["foreign"]]:
        landed.with_name(name).write_bytes(landed.read_bytes())
    landed.unlink()
    result = lakehouse.must_build("bronze.events", hour, "2025-01-18T06")
    assert result["intervals"][0]["rowsIn"] == len(names["read"])


def test_a_build_reads_both_names_of_gzip_files_and_tells_which_files_it_has_read(lakehouse: Lakehouse) -> None:
    hour = "2025-01-18T05"
    lakehouse.land(
        hour,
        [event("e1", "trip_requested", "2025-01-18T05:10:00Z")],
        [event("e2", "trip_requested", "2025-01-18T05:20:00Z")],
    )
    for file in lakehouse.folder.rglob("part-1.json.gz"):
        file.rename(file.with_name("part-1.gz"))
    first = lakehouse.must_build("bronze.events", hour, "2025-01-18T06")
    assert first["intervals"][0]["rowsIn"] == 2
    again = lakehouse.must_build("bronze.events", hour, "2025-01-18T06", generation=2)
    assert (again["status"], again["sources"]) == ("unchanged", first["sources"])
    # Its one line is in bronze already: nothing changes, and the build still tells that it has read the file.
    lakehouse.land(
        hour,
        [event("e1", "trip_requested", "2025-01-18T05:10:00Z")],
        [event("e2", "trip_requested", "2025-01-18T05:20:00Z")],
        [event("e2", "trip_requested", "2025-01-18T05:20:00Z")],
    )
    resent = lakehouse.must_build("bronze.events", hour, "2025-01-18T06", generation=3)
    assert list(resent["sources"]) == [hour]
    assert resent["sources"] != first["sources"]
