"""Shared by the Spark tests: the points and their answers, and the start of a session."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import poly_match as pm
import pytest
from conftest import square

pytest.importorskip("pyspark")
pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")
if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
    pytest.skip("Spark needs Java: apt-get install openjdk-17-jre-headless", allow_module_level=True)

INDEX = pm.Index([square(x, y, 1 + (x + y) % 3) for x in range(20) for y in range(20)])
COUNT, FILES = 12_000, 6
RANDOM = np.random.default_rng(6)
X, Y = RANDOM.uniform(-1, 23, COUNT), RANDOM.uniform(-1, 23, COUNT)
X[7] = np.nan
ANSWERS = INDEX.match((X, Y))
EXPECTED = pm.digest(ANSWERS, np.arange(COUNT))
NAMES = {"name": [f"square {i}" for i in range(400)], "number": np.arange(400, dtype=np.int32)}


def table(rows: slice = slice(None)) -> Any:
    return pa.table({"id": np.arange(COUNT)[rows], "lon": X[rows], "lat": Y[rows]})


def write_points(folder: Path) -> str:
    """Write the points as a folder of files."""
    folder.mkdir()
    for i in range(FILES):
        pq.write_table(table(slice(i * COUNT // FILES, (i + 1) * COUNT // FILES)), folder / f"{i}.parquet")
    return str(folder)


@contextmanager
def session(master: str) -> Iterator[Any]:
    """Run Spark, with this Python for its workers."""
    from pyspark.sql import SparkSession

    settings = {
        "spark.driver.host": "127.0.0.1",
        "spark.sql.execution.arrow.maxRecordsPerBatch": "500",
        "spark.sql.files.openCostInBytes": "1000000000",  # a partition for every file
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PYSPARK_PYTHON", sys.executable)
        environment.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        environment.setenv(
            "JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
        )  # made for short runs
        spark = SparkSession.builder.master(master).config(map=settings).getOrCreate()
        assert spark.sparkContext.master == master, "another session is running"
        spark.sparkContext.setLogLevel("OFF")
        try:
            yield spark
        finally:
            spark.stop()


def assert_complete(matched: Any) -> None:
    """Assert that every point occurs once, with the answer of a single call."""
    found = matched.select("id", "region").toArrow()
    assert len(found) == COUNT
    assert pm.digest(found["region"], found["id"]) == EXPECTED
