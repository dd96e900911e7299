"""Expressions that people write mean in PostgreSQL what they mean in DuckDB, or are refused."""

from __future__ import annotations

import json
import math
from collections import Counter
from contextlib import closing
from pathlib import Path

import duckdb
import pytest
from psycopg.types.json import Jsonb
from sqlglot import exp

from segmenter import InputError, SegmenterError, Settings, Source
from segmenter.engines.duckdb import Embedded
from segmenter.engines.postgres import Postgres
from segmenter.sources.binding import bind_source
from segmenter.sources.bound_expressions import select_value
from segmenter.sources.expressions import SOURCE_ALIAS
from tests.advice import advised

DATA = Path(__file__).parent.parent / "data"

TYPES = {
    "DOUBLE": "float8", "FLOAT": "real", "VARCHAR": "text", "DOUBLE[]": "float8[]",
    "VARCHAR[]": "text[]", "JSON": "jsonb", "TIMESTAMP WITH TIME ZONE": "timestamptz",
}  # fmt: skip

MOST_REFUSED = 0.15
"""Of those that DuckDB answers."""


def corpus():
    lines = (DATA / "expressions.tsv").read_text(encoding="utf-8").splitlines()[1:]
    return [line.split("\t", 1) for line in lines]


@pytest.fixture
def embedded(con):
    con.execute("set timezone = 'UTC'")
    con.execute(f"create table t as from '{DATA}/odd_values.parquet'")
    return Embedded(con)


@pytest.fixture
def remote(database, embedded):
    """The same table in PostgreSQL."""
    kinds = embedded.local.execute("select column_name, column_type from (describe t)").fetchall()
    database.execute("create type pair as (sku text, net float8, tax float8)")
    database.execute("set timezone = 'UTC'")
    columns = [
        (name, "pair" if kind.startswith("STRUCT") else TYPES.get(kind, kind))
        for name, kind in kinds
    ]
    database.execute(f"create table t ({', '.join(f'{name} {kind}' for name, kind in columns)})")
    places = ["row(%s, %s, %s)::pair" if kind == "pair" else "%s" for _, kind in columns]
    for row in embedded.local.execute("from t").fetchall():
        values: list = []
        for value, (_, kind) in zip(row, columns, strict=True):
            if kind == "pair":
                values += value.values()
            elif kind == "jsonb":
                values.append(None if value is None else Jsonb(json.loads(value)))
            else:
                values.append(value)
        database.execute(f"insert into t values ({', '.join(places)})", values)
    with closing(Postgres(database)) as engine:
        yield engine


def source(role, text):
    roles = {"customer": "id", "amount": "qty", role: text}
    return Source(transactions="t", **roles)


def values(engine, role, text):
    """Return what an expression is for each row, as far as its purpose goes."""
    binding = bind_source(engine, source(role, text), Settings())
    tree = binding.values[role].copy()
    if role == "where":
        tree = exp.Case().when(tree, exp.Literal.number(1)).else_(exp.Literal.number(0))
    elif role in ("amount", "date"):
        tree = exp.cast(tree, {"amount": "double", "date": "timestamp"}[role])
    elif binding.types[role] == "JSON":
        tree = exp.cast(tree, "text")
    query = select_value(binding, tree).select(exp.column("id", table=SOURCE_ALIAS).as_("id"))
    found = {row["id"]: row["value"] for row in engine.rows(query)}
    in_order = [found[row] for row in sorted(found)]
    if role == "amount":
        return [in_units(value) for value in in_order]
    if role == "order":  # one to one
        seen: dict = {None: None}
        keys = (str(value) if isinstance(value, (list, dict)) else value for value in in_order)
        return [seen.setdefault(key, len(seen)) for key in keys]
    return in_order


def in_units(value):
    if value is None or math.isnan(value) or math.isinf(value):
        return str(value)
    return round(value * 10_000)


def test_no_expression_means_something_else_in_silence(embedded, remote):
    how, different = Counter(), []
    for role, text in corpus():
        try:
            known = values(embedded, role, text)
        except (SegmenterError, duckdb.Error):
            continue
        try:
            found = values(remote, role, text)
        except SegmenterError:
            how["refused"] += 1
            remote.con.rollback()
            remote._settle()
            continue
        how["answered"] += 1
        if found != known:
            different.append((role, text))
    assert different == []
    assert how["answered"] > 230
    assert how["refused"] <= MOST_REFUSED * how.total(), how


@pytest.mark.parametrize(
    "refused",
    [
        "price * rate_f",
        "case when rate_f > 0.1 then (price + qty) * rate_f else 0 end",
        "price // 2",
        "cast(rate / 1e20 as decimal(10, 2))",
        "cast(rate_f as decimal(30, 2)) // 7",
    ],
)
def test_what_types_tell_is_refused_with_what_means_the_same(embedded, remote, refused):
    with pytest.raises(InputError, match="does not mean the same in PostgreSQL") as error:
        values(remote, "amount", refused)
    better = advised(str(error.value), "amount")[1]
    assert values(remote, "amount", better) == values(embedded, "amount", better)


@pytest.mark.parametrize(
    ("role", "text"),
    [
        ("amount", "rate_f"),
        ("amount", "rate_f + rate_f"),
        ("amount", "abs(rate_f) * rate"),
        ("amount", "qty // 2"),
        ("amount", "cast(price as decimal(10, 1))"),
        ("where", "rate_f is not null"),
        ("where", "rate_f > 100 or rate_f between -5 and 5"),
    ],
)
def test_what_is_the_same_is_not_refused(embedded, remote, role, text):
    assert values(remote, role, text) == values(embedded, role, text)


@pytest.mark.parametrize(
    "text",
    [
        "hour(ts)", "minute(ts)", "second(ts)", "quarter(ts)", "dayofweek(ts)", "weekday(ts)",
        "isodow(ts)", "dayofyear(ts)", "week(ts)", "weekofyear(ts)", "dayname(ts)",
        "monthname(ts)", "contains(code, '-')", "contains(code, '')", "ends_with(code, '')",
        "suffix(code, '1')", "prefix(code, 'A')", "prefix(code, '')", "isnan(rate)",
        "strlen(code)", "js->>'kind'", "js->>'$.kind'", "json_extract_string(js, '$.when')",
        "item.sku", "item['sku']", "ts + to_days(qty)", "ts + to_hours(qty)",
        "ts + to_seconds(qty)", "ts + interval (qty) day",
    ],
)  # fmt: skip
def test_functions_of_other_names_are_the_same(embedded, remote, text):
    assert values(remote, "order", text) == values(embedded, "order", text)
