"""Spark, and a worker that dies in mid-job: every point is matched exactly once.

Needs pyspark and Java; without them this test is skipped, and says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import poly_match as pm
import poly_match.spark
import pytest
from spark_helpers import FILES, INDEX, assert_complete, session, write_points


def dying_once(mark: str) -> Any:
    """Return a function of batches that kills the executor it runs in, in the middle of a partition, once."""

    def batches(incoming: Iterator[Any]) -> Iterator[Any]:
        import os
        import signal
        from pathlib import Path

        for number, batch in enumerate(incoming):
            yield batch
            if number != 1 or batch.column("id")[0].as_py() < 6000:
                continue
            daemon = Path(f"/proc/{os.getppid()}/stat").read_text()
            executor = int(daemon.rpartition(")")[2].split()[1])
            assert b"ExecutorBackend" in Path(f"/proc/{executor}/cmdline").read_bytes()
            try:
                Path(mark).touch(exist_ok=False)
            except FileExistsError:
                continue
            os.kill(executor, signal.SIGKILL)

    return batches


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds the executor in /proc")
def test_every_point_is_matched_exactly_once_when_an_executor_is_killed(tmp_path):
    with session("local-cluster[2,1,1024]") as spark:
        points = spark.read.parquet(write_points(tmp_path / "points"))
        assert points.rdd.getNumPartitions() == FILES
        fragile = points.mapInArrow(dying_once(str(tmp_path / "died")), points.schema)
        pm.spark.match(fragile, INDEX, x="lon", y="lat").write.parquet(str(tmp_path / "out"))
        assert (tmp_path / "died").exists()
        assert_complete(spark.read.parquet(str(tmp_path / "out")))
