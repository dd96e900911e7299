"""Do the segments hold still? Leave customers out at random, fit anew, compare the others' labels.

    python -m benchmarks.bench_stability [--seeds 8]

Prints the adjusted Rand index (1 = nobody changes segment) between the labels of a fit on all
customers and of one without 0.1 % or 10 % of them, for the three real data sets, with consolidation
(the default) and as textbook Ward.
"""

from __future__ import annotations

import argparse

import duckdb
import numpy as np
from rich.console import Console
from rich.table import Table
from sklearn.metrics import adjusted_rand_score

import segmenter
from tests.datasets import DATASETS, load_dataset

LABELS = "select customer_id, segment from segments.customer_segments order by customer_id"


def agreement(dataset: str, left_out: float, consolidate: bool, seeds: int) -> list[float]:
    settings = segmenter.Settings(consolidate=consolidate)
    found = []
    with duckdb.connect() as con:
        segmenter.fit(con, load_dataset(con, dataset), settings)
        before = dict(con.execute(LABELS).fetchall())
        profiles = con.execute("from segments.customer_profile order by customer_id").df()
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        gone = rng.choice(len(profiles), round(left_out * len(profiles)), replace=False)
        with duckdb.connect() as con:
            segmenter.fit(
                con, segmenter.Source(profile=profiles.drop(index=profiles.index[gone])), settings
            )
            after = con.execute(LABELS).fetchall()
        found.append(
            adjusted_rand_score([before[key] for key, _ in after], [name for _, name in after])
        )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=8)
    seeds = parser.parse_args().seeds
    table = Table(title=f"adjusted Rand index, mean (smallest) of {seeds} draws")
    for title in ("data set", "left out", "Segmenter", "textbook Ward"):
        table.add_column(title)
    for dataset in DATASETS:
        for left_out in (0.001, 0.1):
            cells = [
                f"{np.mean(found):.3f} ({np.min(found):.3f})"
                for found in (agreement(dataset, left_out, how, seeds) for how in (True, False))
            ]
            table.add_row(dataset, f"{left_out:.1%}", *cells)
    Console().print(table)


if __name__ == "__main__":
    main()
