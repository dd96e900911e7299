"""The compiled macro and the nearest-neighbour search beside their peers, on the same profiles.

Three models: Online Retail's, one of generated customers, and one of points whose frequencies go up
to 5,000, which needs more rules than a macro may have. The macro's answers are grouped by their
text, for a mere count() of them is optimised away; the bare scan reads the same two columns.
scikit-learn and SciPy answer fewer rows, on one thread, and their rates are rates. SciPy only finds
the nearest five: it neither counts customers nor votes nor breaks ties.
"""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import numpy as np
from numpy.typing import NDArray

import segmenter
import segmenter.classifier.search_kernels  # what is loaded is used, of few points too
from benchmarks.measuring import Figure, Row, Scale, alone, timed
from segmenter.classifier.knn import NearestNeighbors
from segmenter.classifier.rules import compile_rules
from segmenter.points import Points
from segmenter.schema.names import has_macro
from tests.datasets import load_dataset

ROWS = {"small": 1_000_000, "full": 10_000_000}
CUSTOMERS = {"small": 100_000, "full": 1_000_000}
POINTS = {"small": 100_000, "full": 1_000_000}
TOP_FREQUENCY = 5_000
MAX_RULES = 100_000
"""When compiling is timed; a fit stops at 2,000 and publishes no macro beyond."""
REPEAT = 3
QUERIES = 200_000
"""That SciPy answers; scikit-learn fewer still where it has many customers to search."""

ANSWERS = "select {} as segment, count(*) from profiles group by 1"
SCAN = "select sum(monetary), sum(frequency) from profiles"


def measure(scale: Scale) -> Iterator[Row]:
    """Time every way to label profiles, for each model in a process of its own."""
    for model in ("Online Retail", "customers", "frequencies"):
        yield from alone(_compare, model, scale)


def _compare(which: str, scale: Scale) -> list[Row]:
    with duckdb.connect() as con:
        con.execute("set enable_progress_bar = false")
        name, source = _source(con, which, scale)
        model = segmenter.fit(con, source)
        segmenter.register(con)
        make_profiles(con, ROWS[scale])
        ours = _ours(con, ROWS[scale])
        peers = {"bare scan": _rate(con, SCAN, ROWS[scale]), **_peers(con, model)}
        rows = [
            Row("classify", f"{name}: {way}", ROWS[scale], "rows", figure, peer, theirs)
            for way, figure in ours.items()
            for peer, theirs in peers.items()
            if way == "macro" or peer != "bare scan"
        ]
        return [*rows, _compiling(name, model)]


def _source(
    con: duckdb.DuckDBPyConnection, which: str, scale: Scale
) -> tuple[str, segmenter.Source]:
    """Return a base's name and how it is read."""
    if which == "Online Retail":
        return which, load_dataset(con, "online_retail")
    if which == "customers":
        customers = CUSTOMERS[scale]
        make_profiles(con, customers)
        con.execute(
            "create table base as select rowid as customer_id, "
            "monetary * frequency as monetary, frequency from profiles"
        )
        return f"{customers:,} customers", segmenter.Source(profile="base")
    points = lopsided(POINTS[scale], TOP_FREQUENCY)
    names = ("monetary", "frequency", "customers")
    values = (points.cents / 100, points.frequency, points.customers)
    con.register("given", dict(zip(names, values, strict=True)))
    con.execute("create table base as from given")
    return f"frequencies to {TOP_FREQUENCY:,}", segmenter.Source(points="base")


def make_profiles(con: duckdb.DuckDBPyConnection, rows: int) -> None:
    """Create the table of profiles: heavy-tailed money, few orders."""
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


def lopsided(n_points: int, top: int) -> Points:
    """Return a base with frequencies to `top`, most of them small, and lognormal spending."""
    rng = np.random.default_rng(n_points + top)
    points = Points.group([], [])
    n = n_points
    while len(points) < n_points:
        n *= 2
        spread = np.log(top) / 4.5
        frequency = np.minimum(np.floor(np.exp(rng.normal(spread, spread, n))) + 1, top)
        cents = np.floor(frequency**0.9 * np.exp(rng.normal(8, 1, n)))
        points = Points.group(cents, frequency)
    return points.take(np.sort(rng.permutation(len(points))[:n_points]))


def _ours(con: duckdb.DuckDBPyConnection, rows: int) -> dict[str, Figure]:
    """Time the macro, where the model has one, and the function in Python on one thread and two."""
    macro, search = (
        ANSWERS.format(f"{call}(monetary, frequency)")
        for call in ("classify_segment", "classify_segment_knn")
    )
    figures = {"macro": _rate(con, macro, rows)} if has_macro(con) else {}
    for threads, words in ((1, "one thread"), (2, "two threads")):
        con.execute(f"set threads = {threads}")
        figures[f"UDF, {words}"] = _rate(con, search, rows)
    con.execute("reset threads")
    return figures


def _rate(con: duckdb.DuckDBPyConnection, query: str, rows: int) -> Figure:
    seconds = timed(lambda: con.execute(query).fetchall(), REPEAT)
    return Figure([rows / each for each in seconds], unit="/s")


def _peers(con: duckdb.DuckDBPyConnection, model: segmenter.Model) -> dict[str, Figure]:
    """Time scikit-learn's classifier and SciPy's search over the training customers."""
    from scipy.spatial import cKDTree
    from sklearn.neighbors import KNeighborsClassifier

    weight = np.sqrt(model.segmentation.scaling)
    asked = con.execute(f"select monetary * 100, frequency from profiles limit {QUERIES}")
    queries = _plane(*asked.fetchnumpy().values(), weight)
    points = model.points
    known = np.repeat(_plane(points.cents, points.frequency, weight), points.customers, axis=0)
    labels = np.repeat(model.segmentation.codes, points.customers)
    few = queries[: min(len(queries), max(2_000, 40_000_000 // len(known)))]
    learned = KNeighborsClassifier(5).fit(known, labels)
    tree = cKDTree(known)
    times = {
        "scikit-learn predict": (few, timed(lambda: learned.predict(few), 1)),
        "SciPy cKDTree, search only": (queries, timed(lambda: tree.query(queries, k=5), 1)),
    }
    return {
        name: Figure([len(rows) / each for each in seconds], unit="/s")
        for name, (rows, seconds) in times.items()
    }


def _plane(cents: NDArray, frequency: NDArray, weight: float) -> NDArray[np.float64]:
    return np.column_stack([cents, frequency * weight]).astype(np.float64)


def _compiling(name: str, model: segmenter.Model) -> Row:
    """Time making the rules from the labelled points."""
    neighbors = NearestNeighbors(
        model.points,
        model.segmentation.codes,
        ratio=model.segmentation.scaling,
        n_neighbors=model.settings.n_neighbors,
    )
    rules = compile_rules(neighbors, max_rules=MAX_RULES)
    seconds = timed(lambda: compile_rules(neighbors, max_rules=MAX_RULES), REPEAT)
    note = f"{len(rules):,} rules"
    return Row(
        "classify",
        f"{name}: compile rules",
        len(model.points),
        "points",
        Figure(seconds),
        note=note,
    )
