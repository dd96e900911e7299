"""Do the segments hold still? Leave customers out at random, fit anew, compare the others' labels.

The figure is the adjusted Rand index (1 = nobody changes segment) between the labels of a fit on
all customers and of one without 0.1 % or 10 % of them: its mean over the draws, and the worst
draw. Ours is with consolidation (the default), the peer is textbook Ward.
"""

from __future__ import annotations

from collections.abc import Iterator
from statistics import fmean

import duckdb
import numpy as np

import segmenter
from benchmarks.measuring import Figure, Row, Scale
from tests.datasets import DATASETS, load_dataset

DATASETS_AT = {"small": DATASETS[:1], "full": DATASETS}
TEXTBOOK = segmenter.Settings(consolidate=False, monotone=False)
DRAWS = {"small": 2, "full": 8}
LEFT_OUT = (0.001, 0.1)
LABELS = "select customer_id, segment from segments.customer_segments order by customer_id"


def measure(scale: Scale) -> Iterator[Row]:
    """Compare labels with and without some customers."""
    for dataset in DATASETS_AT[scale]:
        for left_out in LEFT_OUT:
            ours, theirs = (
                agreement(dataset, left_out, consolidate, DRAWS[scale])
                for consolidate in (True, False)
            )
            for name, taken in (("mean", fmean), ("worst", min)):
                yield Row(
                    "stability",
                    f"{dataset}, {left_out:.1%} left out, {name}",
                    DRAWS[scale],
                    "draws",
                    Figure([taken(ours)], unit="ARI"),
                    "textbook Ward",
                    Figure([taken(theirs)], unit="ARI"),
                    details={"ours": ours, "theirs": theirs},
                )


def agreement(dataset: str, left_out: float, consolidate: bool, draws: int) -> list[float]:
    """Return the adjusted Rand index of each draw."""
    from sklearn.metrics import adjusted_rand_score

    settings = segmenter.Settings() if consolidate else TEXTBOOK
    found = []
    with duckdb.connect() as con:
        segmenter.fit(con, load_dataset(con, dataset), settings)
        before = dict(con.execute(LABELS).fetchall())
        profiles = con.execute("from segments.customer_profile order by customer_id").df()
    for seed in range(draws):
        rng = np.random.default_rng(seed)
        gone = rng.choice(len(profiles), round(left_out * len(profiles)), replace=False)
        with duckdb.connect() as con:
            segmenter.fit(
                con, segmenter.Source(profile=profiles.drop(index=profiles.index[gone])), settings
            )
            after = con.execute(LABELS).fetchall()
        found.append(
            float(
                adjusted_rand_score([before[key] for key, _ in after], [name for _, name in after])
            )
        )
    return found
