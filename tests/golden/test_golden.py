"""Exported scripts: as they were reviewed, understood by their dialect, and of one meaning.

After a wanted change: ``UPDATE_GOLDEN=1 pytest tests/golden``, then read the difference.
"""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
import sqlglot
from sqlglot import exp

import segmenter
from segmenter import Source
from segmenter.engines.ddl import DIALECTS
from segmenter.engines.explanation_forms import EXPLAINS
from segmenter.engines.script_frame import SCRIPT
from segmenter.schema.names import EXPLAINER
from tests.datasets import SHOP

HERE = Path(__file__).parent

CUSTOMERS = "select * from segments.customer_segments order by customer_id"
UPGRADES = "select * from segments.customer_upgrades order by customer_id"
SUMMARY = "select * from segments.segment_summary order by segment_rank"


NAMED = {"bigquery": "shop.sales", "snowflake": "shop.sales", "trino": "hive.shop.sales"}
"""The table's name where a script needs more of it than that of the fit."""


READ_BACK = [dialect for dialect in DIALECTS if dialect not in ("sqlite", "clickhouse", "mysql")]
"""Those that DuckDB answers for; the others are executed, by ``tests/clients/test_dialects.py``."""


def shop(**more):
    """Return a small shop with a model."""
    con = duckdb.connect()
    con.execute(SHOP)
    columns = {"customer": "customer_id", "order": "order_id", "date": "sold_at"}
    source = Source(transactions="sales", amount="amount", **columns, **more)
    return con, segmenter.fit(con, source)


@pytest.fixture(scope="module")
def model():
    con, fitted = shop(where="amount <> 0")
    con.close()
    # DuckDB 1.5 and 2.0 interpolate a quantile with another last bit.
    cuts = {"monetary_cut": 2146.025, "frequency_cut": 10.0}
    return replace(fitted, fitted_at=datetime(2026, 1, 2, 3, 4), **cuts)


@pytest.fixture(scope="module", params=[None, "20 weeks"])
def windowed(request):
    con, fitted = shop(where="amount > 3 or amount < 0", window=request.param)
    yield con, fitted
    con.close()


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("what", ["all", "points"])
def test_the_script_is_the_reviewed_one(model, dialect, what):
    golden = HERE / dialect / ("script.sql" if what == "all" else "points.sql")
    script = segmenter.export(model, dialect, what=what, table=NAMED.get(dialect))
    if os.environ.get("UPDATE_GOLDEN"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(script, encoding="utf-8")
    assert script == golden.read_text(encoding="utf-8")


def creating(script: str, dialect: str) -> list[exp.Create]:
    """Return the statements between the begin and the end of a transaction."""
    known = script.replace("$$ PARALLEL SAFE", "$$")  # which sqlglot does not know
    trees = sqlglot.parse(known, read=dialect)
    return [tree for tree in trees if isinstance(tree, exp.Create)]


@pytest.mark.parametrize("dialect", READ_BACK)
def test_the_dialect_understands_every_statement(model, dialect):
    script = segmenter.export(model, dialect, table=NAMED.get(dialect))
    statements = creating(script, dialect)
    is_one_transaction = dialect in ("duckdb", "postgres", "redshift")
    assert script.endswith("\n\nCOMMIT;\n") == is_one_transaction
    assert ("\n\nBEGIN" in script) == is_one_transaction
    assert ("-- There is no transaction" in script) != is_one_transaction
    kinds = [statement.args["kind"] for statement in statements]
    functions = ["FUNCTION"] * (1 + (dialect in EXPLAINS))
    if dialect == "duckdb":
        functions = ["MACRO"] * 4  # also in main
    views = ["VIEW"] * len(SCRIPT)
    if dialect == "trino":
        assert kinds == ["SCHEMA", *views, *functions]
        assert "hive.segments.classify_segment(" in script
        assert script.count("classify_segment(") == 2  # its comment, and no view
    else:
        assert kinds == ["SCHEMA", *functions, *views]
    (points,) = sqlglot.parse(segmenter.export(model, dialect, what="points"), read=dialect)
    assert points.named_selects == ["monetary", "frequency", "customers"]


def in_duckdb(script: str, dialect: str):
    """Translate a script back, with the function as a macro, and yield its statements."""
    for statement in creating(script, dialect):
        if statement.args["kind"] in ("FUNCTION", "MACRO"):
            if statement.this.this.name == EXPLAINER:
                continue  # executed, by ``tests/clients``
            body = statement.expression
            if isinstance(body, exp.Heredoc | exp.RawString):
                body = sqlglot.parse_one(body.name, read=dialect)
            case = body.find(exp.Case).sql(dialect="duckdb")
            case = case.replace("$1", "monetary").replace("$2", "frequency")
            schema = statement.this.this.db or "main"
            yield f"create macro {schema}.classify_segment(monetary, frequency) as {case}"
        else:
            yield statement.sql(dialect="duckdb")


@pytest.mark.parametrize("dialect", READ_BACK)
def test_translated_back_it_gives_the_same_rows(windowed, dialect):
    shop, model = windowed
    table = NAMED.get(dialect)
    script = segmenter.export(model, dialect, table=table)
    points = segmenter.export(model, dialect, what="points", table=table)
    with duckdb.connect() as con:
        con.execute(SHOP)
        # sqlglot reads Trino's function as one that DuckDB would have too
        con.execute("create macro at_timezone(moment, zone) as timezone(zone, moment)")
        if table:
            schema = table.rpartition(".")[0]
            if "." in schema:
                con.execute("attach ':memory:' as hive")
            con.execute(f"create schema {schema}; create table {table} as from sales")
        for statement in in_duckdb(script, dialect):
            con.execute(statement)
        for query in (CUSTOMERS, UPGRADES):
            assert con.execute(query).fetchall() == shop.execute(query).fetchall()
        for row, expected in zip(
            con.execute(SUMMARY).fetchall(), shop.execute(SUMMARY).fetchall(), strict=True
        ):
            assert row[:2] == expected[:2]
            assert row[2:] == pytest.approx(expected[2:], rel=1e-12)
        found = con.execute(sqlglot.transpile(points, read=dialect, write="duckdb")[0]).fetchall()
        expected = shop.execute("from segments_internal.profile_points").fetchall()
        assert sorted(found) == sorted(expected)
