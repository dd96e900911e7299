"""Tables of few rows are made without Arrow, and are for Arrow what the engine gives it."""

from __future__ import annotations

import pytest

from segmenter.operations.table import Query

ROWS = """
select
    1::bigint as whole,
    sum(2::bigint) as added,
    1.25::decimal(9, 2) as exact,
    'Elite' as name,
    date '2024-02-29' as day,
    timestamp '2024-02-29 12:30:00.000001' as moment,
    1.5::double as share,
    true as is_whale,
    [1, 2] as parts,
    {'a': 1} as pair,
    null::integer as nothing
where $1
"""


@pytest.mark.parametrize("has_rows", [True, False])
def test_a_short_table_is_the_table(con, has_rows):
    asked = Query(con, f"{ROWS} limit {int(has_rows)}", [True])
    short, whole = asked.short_table(), asked.table()
    assert len(short) == has_rows
    assert (short.columns, short.records()) == (whole.columns, whole.records())
    assert short.to_arrow().equals(whole.to_arrow())
    assert (repr(short), short._repr_html_()) == (repr(whole), whole._repr_html_())
    assert short.to_pandas().equals(whole.to_pandas())


@pytest.mark.parametrize(
    "value",
    [
        "'6b1f0f9a-0a3e-4f0c-9d3c-0d5a1f0c2b11'::uuid",
        "12::decimal(5, 0)",
        "interval 3 days",
        "timestamptz '2024-02-29 12:30:00+02'",
        "'a'::blob",
    ],
)
def test_values_that_arrow_has_otherwise_go_through_it(con, value):
    asked = Query(con, f"select {value} as value")
    short, whole = asked.short_table(), asked.table()
    assert short.records() == whole.records()
    assert short.to_arrow().equals(whole.to_arrow())
