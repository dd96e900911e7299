"""Who the customers are, where they are in PostgreSQL: what a fit says."""

from __future__ import annotations

import duckdb
import pytest

import segmenter
from segmenter import InputError, Source
from tests.advice import Heard, followed

SALES = """
    select i as id, 'c' || i % 150 || '@shop.com' as email, 'order ' || i as order_id,
        5.0 + i % 7 as amount
    from range(1500) as t(i)
    union all select 9000 + i, ' C' || i || '@shop.com', 'own ' || i, 5 from range(4) as t(i)
    union all select 9100 + i, 'guest', 'other ' || i, 5 from range(3) as t(i)
    union all select 9200 + i, i || '.0', 'third ' || i, 5 from range(2) as t(i)
"""
TOTAL = f"""
    with sales as ({SALES})
    from sales union all select 0, 'it''s all', '', sum(amount) from sales
"""
COLUMNS = {"customer": "email", "amount": "amount", "order": "order_id"}
TOLD = ("4 customers", "such as 'guest'", "2 customers")
WORDS = ("capitals and spaces", "collection of people", "id with a point")


def check(warnings):
    """Check that all is told, once."""
    for told, words in zip(TOLD, WORDS, strict=True):
        (found,) = [warning for warning in warnings if words in warning]
        assert told in found


@pytest.fixture
def files(tmp_path):
    """Write the sales as files: with a line of totals, and by themselves."""
    for name, query in (("with_total", TOTAL), ("sales", SALES)):
        (tmp_path / name).mkdir()
        duckdb.execute(f"copy ({query}) to '{tmp_path / name}/part.parquet'")
    return tmp_path


def test_postgres(database, files):
    database.execute(
        "create table sales (id bigint, email text, order_id text, amount double precision)"
    )
    rows = duckdb.execute(f"from '{files}/with_total/part.parquet'").fetchall()
    with database.cursor() as cursor:
        cursor.executemany("insert into sales values (%s, %s, %s, %s)", rows)
    source = {"transactions": "sales", **COLUMNS}
    with pytest.raises(InputError, match="as much as all the others together") as refused:
        segmenter.fit(database, Source(**source))
    heard = Heard()
    segmenter.fit(database, Source(**followed(str(refused.value), **source)), progress=heard)
    check(heard.warnings)
    (money,) = database.execute("select sum(monetary) from segments.customer_profile").fetchone()
    assert money == sum(row[3] for row in rows) / 2


@pytest.mark.parametrize("kind", ["uuid", "bigint", "double precision"])
def test_ids_that_are_no_texts_in_postgres(database, kind):
    key = "md5((i % 150)::text)::uuid" if kind == "uuid" else f"(i % 150)::{kind}"
    database.execute(
        f"create table sales as select {key} as email, "
        "'order ' || i as order_id, 5.0 + i % 7 as amount from generate_series(1, 1500) as t(i)"
    )
    heard = Heard()
    segmenter.fit(database, Source(transactions="sales", **COLUMNS), progress=heard)
    found = [words for words in heard.warnings if "id with a point" in words]
    assert bool(found) is (kind == "double precision")


@pytest.mark.parametrize("other", [None, "USD"])
@pytest.mark.parametrize("currency", [None, "currency"])
def test_several_currencies_in_postgres(database, other, currency):
    database.execute(
        "create table sales as select i % 150 as email, 'order ' || i as order_id, "
        "5.0 + i % 7 as amount, case when i % 3 > 0 then ' eur ' else %s end as currency "
        "from generate_series(1, 1500) as t(i)".replace("% ", "%% "),
        [other],
    )
    heard = Heard()
    source = Source(transactions="sales", **COLUMNS, currency=currency)
    segmenter.fit(database, source, progress=heard)
    found = [words for words in heard.warnings if "currenc" in words]
    wanted = f"EUR 1,000, {other or 'none'} 500"
    is_told = currency is not None or other is not None
    assert [wanted in words for words in found] == [True] * is_told
