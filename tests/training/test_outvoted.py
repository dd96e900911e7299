"""A segment that wins no vote is told, and the advice gives it customers."""

from __future__ import annotations

import ast
import re

import segmenter
from segmenter import Settings, Source
from segmenter.progress import Silent


class Heard(Silent):
    """A listener that keeps the warnings."""

    def __init__(self):
        self.warnings = []

    def warn(self, message):
        self.warnings.append(message)


def fitted(con, settings):
    """Return who is in each segment, and the warnings of a fit."""
    heard = Heard()
    segmenter.fit(con, Source(profile="dealers"), settings, progress=heard)
    counts = con.execute("select segment, customers from segments.segment_summary").fetchall()
    return dict(counts), [words for words in heard.warnings if "nobody is in" in words]


def test_two_giants_that_are_outvoted_are_told_and_follow_the_advice(con):
    con.execute(
        "create table dealers as select i as customer_id, 1000.0 + i * 37 % 900 as monetary, "
        "2 + i % 4 as frequency from range(90) as t(i) "
        "union all select 90 + i, 90000.0 + i, 40 + i from range(2) as t(i)"
    )
    counts, told = fitted(con, Settings(cut=1))
    assert counts["Elite"] == 0
    assert len(told) == 1
    assert told[0].startswith(
        "nobody is in Elite: neighbours of other segments outvote its 2 training customers."
    )
    found = re.search(r"n_neighbors = (\d+)", told[0])
    better = Settings(cut=1, n_neighbors=ast.literal_eval(found[1]))
    counts, told = fitted(con, better)
    assert counts["Elite"] == 2
    assert told == []
