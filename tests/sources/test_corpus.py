"""Each file of the corpus is fitted, or refused with advice that, executed literally, fits it."""

from __future__ import annotations

import pytest

from segmenter import SegmenterError
from tests.advice import followed, look
from tests.sources.corpus import CUSTOMERS, cases, write

CASES = list(cases())
COLUMNS = {"customer": "customer", "order": "order", "amount": "amount", "date": "day"}
MOST_STEPS = 3


def read(con, path):
    """Return what is read of a file once each refusal's advice is followed, and how."""
    source = {"transactions": str(path), **COLUMNS}
    for _ in range(MOST_STEPS):
        try:
            return look(con, **source), source
        except SegmenterError as refusal:
            source = followed(str(refusal), **source)
    return look(con, **source), source


def is_right(seen, right):
    assert seen.money == float(right.money)
    assert CUSTOMERS - 2 <= seen.customers <= CUSTOMERS
    return seen.last_order_at.date() == right.newest.date()


def check(con, case, folder):
    path = folder / f"{case.seed}.csv"
    right = write(case, path)
    seen, source = read(con, path)
    if not is_right(seen, right):  # then days and months may be swapped, and it is said
        (words,) = [words for words in seen.warnings if "nothing tells days from months" in words]
        assert case.layout == "early days"
        assert is_right(look(con, **followed(words, **source)), right)


def test_there_are_at_least_three_hundred_files():
    assert len({case.name.partition(": ")[2] for case in CASES}) >= 300


@pytest.mark.parametrize("case", CASES[5::13], ids=lambda case: case.name)
def test_some_files(con, tmp_path, case):
    check(con, case, tmp_path)


@pytest.mark.extended
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_file(con, tmp_path, case):
    check(con, case, tmp_path)
