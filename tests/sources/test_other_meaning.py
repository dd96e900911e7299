"""Types tell where an engine computes otherwise; whatever the columns are called."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from segmenter import InputError
from segmenter.sources.expressions import resolve
from segmenter.sources.other_meaning import refuse_other_meaning
from tests.advice import advised

COLUMNS = {
    "price": "DECIMAL(10,2)", "qty": "INTEGER", "rate": "DOUBLE", "single": "FLOAT",
    "row": "FLOAT", "Net": "FLOAT", "net": "DECIMAL(9,2)", "My Net": "FLOAT", "item": "16422",
}  # fmt: skip


def look(con, text):
    engine = SimpleNamespace(name="PostgreSQL", dialect="postgres", local=con)
    tree = resolve(con, "amount", text, COLUMNS, "sales")
    before = tree.sql()
    try:
        refuse_other_meaning(engine, "amount", text, tree, COLUMNS)
    finally:
        assert tree.sql() == before


@pytest.mark.parametrize(
    "text",
    [
        "price * single", "row + price", '"Net" * "net"', '"My Net" * price + row * qty',
        "single > 0.1", "single between 0 and 0.1", "single in (0.1, 5)", "price // qty",
        "cast(rate as decimal(9, 2))", "try_cast(single as decimal(9, 1))",
        "coalesce(price // 2, 1) + single * price",
    ],
)  # fmt: skip
def test_the_first_advice_is_enough(con, text):
    with pytest.raises(InputError, match="in PostgreSQL as in DuckDB") as refused:
        look(con, text)
    look(con, advised(str(refused.value), "amount")[1])


@pytest.mark.parametrize(
    "text",
    [
        "single", "single * rate", "single + single", "single is null", "single > 16",
        "single || 'x'", "qty // 2", "cast(price as decimal(9, 1))", "cast(rate as decimal(9, 0))",
        "price * qty", "rate_of(item)", "item",
    ],
)  # fmt: skip
def test_what_is_the_same_passes(con, text):
    con.execute("create macro rate_of(x) as x")
    look(con, text)
