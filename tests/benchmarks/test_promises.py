"""Promises of the benchmarks beside what was measured."""

from __future__ import annotations

from pathlib import Path

import benchmarks
from benchmarks.measuring import Figure, Row
from benchmarks.promises import PROMISES, TITLES, promise_rows

PAGE = Path(benchmarks.__file__).parent / "README.md"


def test_the_worst_row_decides():
    rows = [
        Row("label", "Parquet to Parquet", 10, "rows", Figure([3.0]), "zstd", Figure([2.0])),
        Row("label", "Parquet to Parquet", 10, "rows", Figure([5.0]), "snappy", Figure([2.0])),
        Row("notebook", "end to end", 9, "customers", Figure([1.0]), "pandas", Figure([40.0])),
        Row("clustering", "layout grid", 9, "points", Figure([1.0])),
    ]
    found = {cells[0]: cells[2:] for cells in promise_rows(rows)}
    assert found == {
        "labelling files beside a plain COPY": ("at most 2 times", "2.5", "**no**"),
        "sales to segments beside a notebook": ("at least 20 times as fast", "40", "yes"),
    }


def test_the_page_has_each_promise_with_its_bar_and_says_truly_whether_it_is_kept():
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    start = lines.index("| " + " | ".join(TITLES) + " |") + 2
    shown = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in lines[start : start + len(PROMISES)]
    ]
    assert [cells[0] for cells in shown] == [promise.words for promise in PROMISES]
    for promise, (_, where, bar, figure, kept) in zip(PROMISES, shown, strict=True):
        assert (where, bar) == (promise.where(), promise.shown_bar())
        assert kept == ("yes" if promise.is_kept(float(figure)) else "**no**"), promise.words
