"""Edge values fit their types, and meet each other."""

from __future__ import annotations

import pytest

from segmenter.sources.edge_values import edge_rows


@pytest.mark.parametrize(
    "kind",
    [
        "BOOLEAN", "TINYINT", "UBIGINT", "INTEGER", "DECIMAL(4,2)", "DECIMAL(2,1)", "FLOAT",
        "DOUBLE", "VARCHAR", "DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE",
    ],
)  # fmt: skip
def test_each_is_a_value_of_its_type(con, kind):
    values = [value for (value,) in edge_rows({"a": kind})]
    assert len(values) == 11
    assert None in values
    known = con.execute(f"select count(cast(x as {kind})) from unnest($1) as t(x)", [values])
    assert known.fetchone() == (sum(value is not None for value in values),)


def test_each_value_meets_each_of_another_column():
    rows = edge_rows({"a": "DATE", "b": "VARCHAR", "c": "INTEGER"})
    dates, texts, numbers = (set(column) for column in zip(*rows, strict=True))
    assert {(row[0], row[1]) for row in rows} == {(d, t) for d in dates for t in texts}
    assert {(row[1], row[2]) for row in rows} == {(t, n) for t in texts for n in numbers}


def test_other_types_have_none():
    assert edge_rows({"a": "INTEGER", "b": "DOUBLE[]"}) == []
