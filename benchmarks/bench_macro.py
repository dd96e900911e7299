"""The compiled macro beside the search and its peers: 10 M profiles, one run.

    python -m benchmarks.bench_macro [--rows 10000000] [--customers 1000000]

Two models: Online Retail's, and one of a generated base of 1 M customers. The macro's answers are
grouped by their text, for a mere count() of them is optimised away; the bare scan reads the same
two columns. scikit-learn and SciPy answer fewer rows, and their rates are rates.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import duckdb
import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.spatial import cKDTree
from sklearn.neighbors import KNeighborsClassifier

import segmenter
from segmenter.knn import NearestNeighbors
from segmenter.points import Points
from segmenter.rules import compile_rules
from tests.datasets import load_dataset

QUERY = "select {} as segment, count(*) from profiles group by 1"


def seconds(work: Callable[[], object], repeat: int = 3) -> float:
    """Return the median time of some work."""
    times = []
    for _ in range(repeat):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return float(np.median(times))


def make_profiles(con: duckdb.DuckDBPyConnection, rows: int) -> None:
    """Create the profiles that are labelled: heavy-tailed money, few orders."""
    con.execute("select setseed(0.5)")
    con.execute(
        f"""
        create or replace table profiles as
        select round(exp(5.5 + 1.3 * sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random())), 2)
                as monetary,
            1 + floor(-2.5 * ln(1 - random()))::bigint as frequency
        from range({rows})
        """
    )


def large_base(con: duckdb.DuckDBPyConnection, customers: int) -> segmenter.Source:
    """Create a base of customers as finished profiles."""
    make_profiles(con, customers)
    con.execute(
        "create or replace table base as "
        "select rowid as customer_id, monetary * frequency as monetary, frequency from profiles"
    )
    return segmenter.Source(profile="base")


def measure(name: str, con: duckdb.DuckDBPyConnection, rows: int, table: Table) -> None:
    """Time every way to label the profiles with the current model of a connection."""
    model = segmenter.load(con)
    make_profiles(con, rows)
    segmenter.register(con)
    bare = "select sum(monetary), sum(frequency) from profiles"
    scan = seconds(lambda: con.execute(bare).fetchall())
    labelled = QUERY.format("classify_segment(monetary, frequency)")
    macro = seconds(lambda: con.execute(labelled).fetchall())
    search = QUERY.format("classify_segment_knn(monetary, frequency)")
    udf = seconds(lambda: con.execute(search).fetchall(), 1)
    binding = seconds(lambda: con.execute(f"explain {labelled}").fetchall())
    sample = con.execute("select monetary * 100 as c, frequency as f from profiles limit 200000")
    queries = np.column_stack(list(sample.fetchnumpy().values())).astype(float)
    weight = np.sqrt(model.segmentation.scaling)
    queries[:, 1] *= weight
    points, codes = model.points, model.segmentation.codes
    plane = np.column_stack([points.cents, points.frequency * weight])
    customers = np.repeat(plane, points.customers, axis=0)
    labels = np.repeat(codes, points.customers)
    tree = cKDTree(customers)
    scipy = seconds(lambda: tree.query(queries, k=5), 1) / len(queries)
    learned = KNeighborsClassifier(5).fit(customers, labels)
    few = queries[: max(2000, min(len(queries), 400_000_000 // len(customers) // 10))]
    sklearn = seconds(lambda: learned.predict(few), 1) / len(few)
    rules, compiling = _compile(points, codes, model)
    for way, each in (
        ("bare scan of both columns", scan / rows),
        ("macro classify_segment", macro / rows),
        ("UDF classify_segment_knn", udf / rows),
        ("SciPy cKDTree, search only", scipy),
        ("scikit-learn predict", sklearn),
    ):
        table.add_row(
            name, way, f"{1e-6 / each:,.3f}", f"{sklearn / each:,.1f}", f"{each * rows / scan:,.1f}"
        )
    table.add_row(
        name,
        f"{len(points):,} points, {rules:,} rules: compiled in {compiling:.2f} s, "
        f"a query bound in {1000 * binding:.0f} ms",
        end_section=True,
    )


def _compile(points: Points, codes: np.ndarray, model: segmenter.Model) -> tuple[int, float]:
    neighbors = NearestNeighbors(
        points, codes, ratio=model.segmentation.scaling, n_neighbors=model.settings.n_neighbors
    )
    started = time.perf_counter()
    rules = compile_rules(neighbors, max_rules=model.settings.max_rules)
    return len(rules), time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--customers", type=int, default=1_000_000)
    wanted = parser.parse_args()
    table = Table(title=f"labelling {wanted.rows:,} profiles, {duckdb.__version__=}")
    for title in ("model", "way", "M rows/s", "x scikit-learn", "x bare scan"):
        justify = "left" if title in ("model", "way") else "right"
        table.add_column(title, justify=justify)
    for name in ("Online Retail", f"{wanted.customers:,} customers"):
        with duckdb.connect() as con:
            source = (
                load_dataset(con, "online_retail")
                if name == "Online Retail"
                else large_base(con, wanted.customers)
            )
            segmenter.fit(con, source)
            measure(name, con, wanted.rows, table)
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
