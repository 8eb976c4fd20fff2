"""The counties in Spark, on the cores of this machine: each worker process opens the file."""

import os
import sys
import tempfile

import numpy as np

from everywhere.result import arguments, least_seconds, read_points, report

SETTINGS = {
    "spark.driver.host": "127.0.0.1",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "100000",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}


def main() -> None:
    import poly_match.spark
    import pyarrow as pa
    import pyarrow.parquet as pq
    from pyspark.sql import SparkSession

    file, path = arguments()
    points = read_points(path)
    os.environ |= {"PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}
    builder = SparkSession.builder.master("local[*]").appName("everywhere")
    for name, value in SETTINGS.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    with tempfile.TemporaryDirectory() as folder:
        table = {"i": np.arange(len(points)), "x": points[:, 0], "y": points[:, 1]}
        pq.write_table(pa.table(table), f"{folder}/points.parquet")
        fixes = spark.read.parquet(f"{folder}/points.parquet").cache()
        fixes.count()
        matched = poly_match.spark.match(fixes, str(file), x="x", y="y")
        seconds = least_seconds(lambda: matched.write.format("noop").mode("overwrite").save(), 3)
        found = matched.select("i", "region").toPandas().sort_values("i")
    spark.stop()
    report("Spark", seconds, found["region"].fillna(-1))


if __name__ == "__main__":
    main()
