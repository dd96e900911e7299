"""What no rule knows shows at edge values, or in rows of the table, before a fit rests on it."""

from __future__ import annotations

from contextlib import closing, contextmanager
from dataclasses import replace

import pytest
from sqlglot import exp

import segmenter
from segmenter import InputError, Settings, Source
from segmenter.engines import semantics
from segmenter.engines.postgres import Postgres
from segmenter.engines.spark import Spark
from segmenter.sources import bound_expressions
from segmenter.training import expression_checks
from segmenter.training.expression_checks import check_expressions
from segmenter.training.stage import Stage

ROWS = """
    select
        i as id, cast(i - 50 as integer) as qty, cast(i * 1.25 as decimal(9, 2)) as price,
        i / 8 as rate, cast(i / 10 as float) as single, 'A-' || i % 7 as code,
        timestamp '2024-01-01 10:00:00.5' + interval (i) day as sold_at
    from range(100) as t(i)
"""


class Told:
    """A listener that keeps what was done, and the warnings with their codes."""

    def __init__(self):
        self.done, self.warnings = [], []

    @contextmanager
    def step(self, title):
        yield lambda result: self.done.append(f"{title}: {result}")

    def warn(self, message, code):
        self.warnings.append((code, message))


@pytest.fixture
def lakehouse(spark, con):
    spark.createDataFrame(con.sql(ROWS).to_arrow_table()).createOrReplaceTempView("t")
    with closing(Spark(spark)) as engine:
        yield engine
    spark.catalog.dropTempView("t")


@pytest.fixture
def remote(database, con):
    database.execute(
        "create table t (id bigint, qty integer, price numeric, rate float8, single real, "
        "code text, sold_at timestamp)"
    )
    with database.cursor() as cursor:
        rows = con.execute(ROWS).fetchall()
        cursor.executemany("insert into t values (%s, %s, %s, %s, %s, %s, %s)", rows)
    with closing(Postgres(database)) as engine:
        yield engine


@pytest.fixture(params=["remote", "lakehouse"], ids=["postgres", "spark"])
def elsewhere(request):
    return request.getfixturevalue(request.param)


def checked(engine, told, **roles):
    source = Source(transactions="t", **({"customer": "id", "amount": "price"} | roles))
    with Stage(engine, source, Settings()) as stage:
        return check_expressions(stage, told)


def test_what_is_the_same_is_counted(elsewhere):
    told = Told()
    found = checked(
        elsewhere,
        told,
        customer="concat(code, '/', id)",
        amount="price * qty / 3",
        order="code || '-' || id",
        date="sold_at + interval 1 hour",
        where="code <> 'A-3' and qty > -20",
    )
    assert found == {"checked_rows": 100}
    assert told.done == ["Comparing expressions with DuckDB: checked on 100 rows"]
    assert told.warnings == []


def test_columns_need_no_comparison(elsewhere):
    told = Told()
    assert checked(elsewhere, told, date="sold_at") == {}
    assert told.done == told.warnings == []


UNKNOWN = {
    "postgres": ("round(rate)", "where rate = '0.5', it is 0.0 there and 1.0 in DuckDB"),
    "spark": ("cast(rate as integer)", "where rate = '1.5', it is 1.0 there and 2.0 in DuckDB"),
}
"""What differs without the rule that there is for it."""


def test_edge_values_show_what_no_rule_knows(elsewhere, monkeypatch):
    text, row = UNKNOWN[elsewhere.dialect]
    monkeypatch.setitem(semantics._REWRITES, elsewhere.dialect, {})
    monkeypatch.setattr(expression_checks, "check_rows", lambda stage, wanted: 0)
    told = Told()
    checked(elsewhere, told, amount=text, where="qty > 0")
    ((code, message),) = told.warnings
    assert code == "other_meaning"
    assert f"amount = {text!r} does not mean the same in {elsewhere.name} as in DuckDB" in message
    assert row in message


def test_rows_show_what_edge_values_do_not(elsewhere, monkeypatch):
    text, _ = UNKNOWN[elsewhere.dialect]
    monkeypatch.setitem(semantics._REWRITES, elsewhere.dialect, {})
    monkeypatch.setattr(expression_checks, "check_edge_values", lambda stage, wanted: [])
    message = r"amount = .* where rate = '\d+\.\d+', qty = '\d+', it is \d+\.0 there and \d+\.0 in"
    with pytest.raises(InputError, match=message):
        checked(elsewhere, Told(), amount=f"{text} + 0 * qty", where="qty > 0")


def test_types_that_nobody_looked_at_show_in_rows(elsewhere, monkeypatch):
    monkeypatch.setattr(bound_expressions, "refuse_other_meaning", lambda *given: None)
    with pytest.raises(InputError, match=r"where = 'price . single > .*it is (not )?true there"):
        checked(elsewhere, Told(), where="price * single > price * cast(single as double)")


def test_loud_errors_are_left_to_the_fit(elsewhere):
    told = Told()
    assert checked(elsewhere, told, amount="cast(code as integer)") == {"checked_rows": 0}
    assert told.warnings == []


def test_the_model_keeps_how_many_rows_were_compared(store, sales):
    told, amount = Told(), "amount * 1.0"
    model = segmenter.fit(store, replace(sales, amount=amount), progress=told)
    (rows,) = store.execute("select count(*) from sales").fetchone()
    assert model.source["checked_rows"] == rows
    assert f"Comparing expressions with DuckDB: checked on {rows} rows" in told.done
    stored = Source.from_dict(model.source)
    assert stored.as_dict() == model.source
    assert "checked_rows" not in segmenter.fit(store, sales).source
    by_rules = "translated by rules only"
    assert by_rules in segmenter.export(model, "spark")
    assert by_rules not in segmenter.export(model, "duckdb")


def test_a_large_table_is_sampled_from_all_over(remote, database):
    database.execute("insert into t (id) select n from generate_series(100, 30000) as s(n)")
    database.execute("analyze t")
    source = Source(transactions="t", customer="id", amount="price * 2")
    with Stage(remote, source, Settings()) as stage:
        query = exp.select("id").from_(remote.sample(stage.binding.values["source"], 1_000))
        ids = [row["id"] for row in remote.rows(query)]
        assert ids == [row["id"] for row in remote.rows(query)]
        assert 200 < len(ids) < 5_000
        assert max(ids) - min(ids) > 10_000
        assert check_expressions(stage, Told())["checked_rows"] <= 1_000
