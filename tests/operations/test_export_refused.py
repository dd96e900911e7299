"""What a script refuses, since nobody knows that it means the same over there."""

from __future__ import annotations

from dataclasses import replace

import duckdb
import pytest

import segmenter
from segmenter import SegmenterError
from tests.datasets import SHOP


@pytest.fixture(scope="module")
def small(sales):
    with duckdb.connect() as con:
        con.execute(SHOP)
        yield segmenter.fit(con, sales)


@pytest.mark.parametrize("dialect", ["clickhouse", "mysql", "sqlite"])
@pytest.mark.parametrize(
    ("column", "expression", "message"),
    [
        (
            "where",
            "upper(kind) = 'WEB'",
            r"UPPER\(\S+kind\) is not known to mean the same .* a view",
        ),
        ("date_format", "%d.%m.%Y", r"date_format = '%d.%m.%Y' is not understood .* a view"),
        ("number_format", "1.234,56", r"number_format = '1.234,56' is not understood .* a view"),
        ("where", "kind ilike 'web%'", "is not known to mean the same"),
        ("where", "kind like 'a\\_b'", "is not known to mean the same"),
        ("where", "pieces % 2 = 0", "is not known to mean the same"),
        ("where", "amount / pieces > 2", "is not known to mean the same"),
        ("amount", "cast(amount as integer)", "is not known to mean the same"),
        ("amount", "amount / 0", "is not known to mean the same"),
        ("customer", "lower(email)", "is not known to mean the same"),
        ("date", "strptime(day, '%d.%m.%Y')", "is not known to mean the same"),
    ],
)
def test_what_is_not_known_to_mean_the_same_is_refused(small, dialect, column, expression, message):
    with pytest.raises(SegmenterError, match=message):
        segmenter.export(replace(small, source=small.source | {column: expression}), dialect)


@pytest.mark.parametrize("dialect", ["mysql", "sqlite"])
def test_a_text_is_not_compared_with_a_time(small, dialect):
    source = small.source | {"where": "sold_at <= '2024-01-31'"}
    with pytest.raises(SegmenterError, match=r"letter by letter.* Write timestamp '2024-01-31'"):
        segmenter.export(replace(small, source=source), dialect)


@pytest.mark.parametrize("where", ["kind = other", "case kind when 'a' then true else false end"])
def test_texts_that_a_collation_may_merge_are_refused(small, where):
    with pytest.raises(SegmenterError, match="may compare texts, which MySQL takes for the same"):
        segmenter.export(replace(small, source=small.source | {"where": where}), "mysql")


def test_an_unknown_dialect_is_told_the_list(small):
    with pytest.raises(SegmenterError, match=r"duckdb, postgres, .*Did you mean 'postgres'"):
        segmenter.export(small, "postgress")
    assert segmenter.export(small, "PostgreSQL") == segmenter.export(small, "postgres")


def test_an_unknown_stage_is_refused(small):
    with pytest.raises(SegmenterError, match="'all' or 'points', not 'views'"):
        segmenter.export(small, "postgres", what="views")
