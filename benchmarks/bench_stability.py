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
import pandas as pd

import segmenter
from benchmarks.measuring import Figure, Row, Scale
from tests.datasets import DATASETS, load_dataset

DATASETS_AT = {"small": DATASETS[:1], "full": DATASETS}
SMALL = (600, 1316)
"""So many customers of each data set are bases of their own."""
TEXTBOOK = segmenter.Settings(consolidate=False, monotone=False)
DRAWS = {"small": 2, "full": 8}
LEFT_OUT = (0.001, 0.1)
LABELS = "select customer_id, segment from segments.customer_segments order by customer_id"


def measure(scale: Scale) -> Iterator[Row]:
    """Compare labels with and without some customers."""
    for base, profiles in bases(scale):
        for left_out in LEFT_OUT:
            ours, theirs = (
                agreement(profiles, left_out, settings, DRAWS[scale])
                for settings in (segmenter.Settings(), TEXTBOOK)
            )
            for name, taken in (("mean", fmean), ("worst", min)):
                yield Row(
                    "stability",
                    f"{base}, {left_out:.1%} left out, {name}",
                    DRAWS[scale],
                    "draws",
                    Figure([taken(ours)], unit="ARI"),
                    "textbook Ward",
                    Figure([taken(theirs)], unit="ARI"),
                    details={"ours": ours, "theirs": theirs},
                )


def bases(scale: Scale) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the profiles of each data set, and of some of its customers."""
    for dataset in DATASETS_AT[scale]:
        with duckdb.connect() as con:
            segmenter.fit(con, load_dataset(con, dataset))
            profiles = con.execute("from segments.customer_profile order by customer_id").df()
        yield dataset, profiles
        for n in SMALL:
            drawn = np.random.default_rng(n).choice(len(profiles), n, replace=False)
            yield f"{n} customers of {dataset}", profiles.iloc[drawn].reset_index(drop=True)


def agreement(
    profiles: pd.DataFrame, left_out: float, settings: segmenter.Settings, draws: int
) -> list[float]:
    """Return the adjusted Rand index of each draw."""
    from sklearn.metrics import adjusted_rand_score

    before = dict(labels(profiles, settings))
    found = []
    for seed in range(draws):
        rng = np.random.default_rng(seed)
        gone = rng.choice(len(profiles), round(left_out * len(profiles)), replace=False)
        after = labels(profiles.drop(index=profiles.index[gone]), settings)
        found.append(
            float(
                adjusted_rand_score([before[key] for key, _ in after], [name for _, name in after])
            )
        )
    return found


def labels(profiles: pd.DataFrame, settings: segmenter.Settings) -> list[tuple[object, str]]:
    """Return each customer and the segment that a fit puts it into."""
    with duckdb.connect() as con:
        segmenter.fit(con, segmenter.Source(profile=profiles), settings)
        return con.execute(LABELS).fetchall()
