"""The models of three real data sets: to the last bit those of the files beside this one.

The files were made before the packages were. After a wanted change of the method:
``UPDATE_GOLDEN=1 pytest tests/golden/test_models.py``, then read the difference.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import duckdb
import numpy as np
import pytest

import segmenter
from tests.datasets import DATASETS, load_dataset

HERE = Path(__file__).parent / "models"

AUDIT = (
    "level", "block_customers", "block_points", "block_share", "scaling", "height", "next_height",
    "higher_customers", "lower_customers", "moved_customers", "largest_customers", "largest_share",
    "max_share", "is_lopsided", "decision", "frequency_agrees",
)  # fmt: skip

CUSTOMERS = """
    select customer_id, monetary, frequency, is_whale, segment, segment_rank, lifecycle
    from segments.customer_segments order by customer_id
"""

GROUPS = """
    select
        segment, lifecycle, count(*) as customers,
        sum((monetary * 100)::bigint)::bigint as cents, sum(frequency)::bigint as orders
    from segments.customer_segments
    group by segment, segment_rank, lifecycle
    order by segment_rank, lifecycle
"""


def digest(*arrays):
    """Return one number for arrays, bit by bit."""
    made = hashlib.sha256()
    for array in arrays:
        made.update(np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).tobytes())
    return made.hexdigest()[:20]


def fingerprint(con, model):
    """Return what must not change, readable where it is short."""
    rules = model.rules
    customers = con.execute(CUSTOMERS).fetchall()
    return {
        "segments": [segment._asdict() for segment in model.segments],
        "splits": [{name: getattr(split, name) for name in AUDIT} for split in model.splits],
        "customers": model.customers,
        "whales": model.whales,
        "cuts": [model.monetary_cut, model.frequency_cut],
        "lifecycle": [model.active_days, model.lapsed_days],
        "outvoted_customers": model.outvoted_customers,
        "points": len(model.points),
        "points_digest": digest(model.points.cents, model.points.frequency, model.points.customers),
        "labels_digest": digest(model.segmentation.codes),
        "rules": len(rules),
        "rules_digest": digest(
            rules.frequency_from,
            rules.frequency_to,
            rules.cents_from,
            rules.cents_below,
            rules.segment,
        ),
        "customers_digest": hashlib.sha256(repr(customers).encode()).hexdigest()[:20],
        "customers_by_segment_and_lifecycle": con.execute(GROUPS).fetchall(),
    }


@pytest.mark.parametrize("dataset", DATASETS)
def test_models_are_the_same_to_the_last_bit(dataset):
    with duckdb.connect() as con:
        source = load_dataset(con, dataset)
        model = segmenter.fit(con, source)
        found = json.loads(json.dumps(fingerprint(con, model), default=str))
    path = HERE / f"{source.transactions}.json"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    assert found == json.loads(path.read_text(encoding="utf-8"))
