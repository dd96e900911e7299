"""Expressions that people write mean elsewhere what they mean in DuckDB, or are refused."""

from __future__ import annotations

import json
import math
from contextlib import closing, suppress
from pathlib import Path

import duckdb
import pytest
from psycopg.types.json import Jsonb
from sqlglot import exp

from segmenter import InputError, SegmenterError, Settings, Source
from segmenter.engines.duckdb import Embedded
from segmenter.engines.postgres import Postgres
from segmenter.engines.spark import Spark
from segmenter.engines.translate import port
from segmenter.sources.binding import bind_source
from segmenter.sources.bound_expressions import select_value
from segmenter.sources.expressions import SOURCE_ALIAS, resolve
from segmenter.sources.other_meaning import refuse_other_meaning
from tests.advice import advised

DATA = Path(__file__).parent.parent / "data"

TYPES = {
    "DOUBLE": "float8", "FLOAT": "real", "VARCHAR": "text", "DOUBLE[]": "float8[]",
    "VARCHAR[]": "text[]", "JSON": "jsonb", "TIMESTAMP WITH TIME ZONE": "timestamptz",
}  # fmt: skip

MOST_REFUSED = 0.15
"""Of those that DuckDB answers."""


def corpus(file="expressions.tsv"):
    lines = (DATA / file).read_text(encoding="utf-8").splitlines()[1:]
    return [tuple(line.split("\t", 1)) for line in lines]


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


@pytest.fixture
def lakehouse(spark, embedded):
    """The same table in Spark."""
    spark.read.parquet(f"{DATA}/odd_values.parquet").createOrReplaceTempView("t")
    with closing(Spark(spark)) as engine:
        yield engine
    spark.catalog.dropTempView("t")


@pytest.fixture(params=["remote", "lakehouse"], ids=["postgres", "spark"])
def elsewhere(request):
    return request.getfixturevalue(request.param)


def bound(engine):
    source = Source(transactions="t", customer="id", amount="qty")
    return bind_source(engine, source, Settings())


def resolved(engine, binding, role, text):
    """Return the tree of an expression as a fit has it, once it is let through."""
    tree = resolve(engine.local, role, text, binding.columns, "t")
    if engine.dialect != "duckdb":
        refuse_other_meaning(engine, role, text, tree, binding.columns)
    port(tree.copy(), engine.dialect)
    return tree


def for_its_purpose(role, tree, kind):
    if role == "where":
        return exp.Case().when(tree, exp.Literal.number(1)).else_(exp.Literal.number(0))
    if role in ("amount", "date"):
        return exp.cast(tree, {"amount": "double", "date": "timestamp"}[role])
    return exp.cast(tree, "text") if kind == "JSON" or role == "customer" else tree


def all_of(binding, trees):
    columns = [exp.alias_(tree.copy(), f"v{place}") for place, tree in enumerate(trees)]
    return select_value(binding, exp.column("id", table=SOURCE_ALIAS)).select(*columns)


def answers(ask, engine, binding, wanted):
    """Return what a question about many expressions tells of each; those that fail are left out.

    Each query costs, on Spark a second: when one fails, a few expressions are asked at a time.
    """
    if not wanted:
        return {}
    try:
        found = ask(all_of(binding, wanted.values()))
    except (SegmenterError, duckdb.Error):
        if isinstance(engine, Postgres):
            engine.con.rollback()
            engine._settle()
        items, size = list(wanted.items()), min((len(wanted) + 1) // 2, 16)
        parts = [dict(items[at : at + size]) for at in range(0, len(items), size)]
        parts = parts if len(parts) > 1 else []
        return {k: v for part in parts for k, v in answers(ask, engine, binding, part).items()}
    if isinstance(found, dict):
        return {key: found[f"v{place}"] for place, key in enumerate(wanted)}
    rows = sorted(found, key=lambda row: row["value"])
    return {key: [row[f"v{place}"] for row in rows] for place, key in enumerate(wanted)}


def values(engine, asked):
    """Return what expressions are for each row, as far as their purposes go."""
    binding, trees = bound(engine), {}
    for role, text in asked:
        with suppress(SegmenterError):
            trees[role, text] = resolved(engine, binding, role, text)
    types = answers(engine.types, engine, binding, trees)
    wanted = {key: for_its_purpose(key[0], trees[key], kind) for key, kind in types.items()}
    found = answers(engine.rows, engine, binding, wanted)
    return {key: comparable(key[0], rows) for key, rows in found.items()}


def comparable(role, values):
    if role == "amount":
        return [in_units(value) for value in values]
    if role == "order":  # one to one
        seen: dict = {None: None}
        keys = (str(value) if isinstance(value, (list, dict, tuple)) else value for value in values)
        return [seen.setdefault(key, len(seen)) for key in keys]
    return values


def in_units(value):
    if value is None or math.isnan(value) or math.isinf(value):
        return str(value)
    return round(value * 10_000)


def same_values(engine, embedded, asked):
    """Check that all expressions are let through, and mean the same."""
    found = values(engine, asked)
    assert set(found) == set(asked)
    assert found == values(embedded, asked)


def test_no_expression_means_something_else_in_silence(embedded, elsewhere):
    known = values(embedded, corpus())
    found = values(elsewhere, known)
    different = [key for key, rows in found.items() if rows != known[key]]
    assert not different, different
    assert len(known) > 270
    assert len(known) - len(found) <= MOST_REFUSED * len(known), set(known) - set(found)


@pytest.mark.extended
def test_no_other_expression_does_either(embedded, elsewhere):
    known = values(embedded, corpus("more_expressions.tsv"))
    found = values(elsewhere, known)
    different = [key for key, rows in found.items() if rows != known[key]]
    assert not different, different
    assert len(known) > 300
    assert len(known) - len(found) <= MOST_REFUSED * len(known), set(known) - set(found)


REFUSED = {
    "postgres": ["price // 2", "cast(rate_f as decimal(30, 2)) // 7"],
    "spark": [
        "round(rate, 2)", "len(nets) * price", "ascii(code[2])", "ascii(code[-1])",
        "try_cast(numtxt as integer)", "try_cast(numtxt as bigint) * qty", "d - date '2024-01-01'",
        "year(try_cast(badtxt as date))", "year(try_cast(badtxt as timestamp))",
    ],
}  # fmt: skip


def test_what_types_tell_is_refused_with_what_means_the_same(embedded, elsewhere):
    binding, better = bound(elsewhere), []
    for refused in [
        "price * rate_f",
        "case when rate_f > 0.1 then (price + qty) * rate_f else 0 end",
        "cast(rate / 1e20 as decimal(10, 2))",
        *REFUSED[elsewhere.dialect],
    ]:
        with pytest.raises(InputError, match="does not mean the same in") as error:
            resolved(elsewhere, binding, "amount", refused)
        better.append(("amount", advised(str(error.value), "amount")[1]))
    same_values(elsewhere, embedded, better)


def test_what_is_the_same_is_not_refused(embedded, elsewhere):
    amounts = "rate_f; rate_f + rate_f; abs(rate_f) * rate; qty // 2; cast(price as decimal(10, 1))"
    asked = [("amount", text) for text in amounts.split("; ")]
    asked += [
        ("where", "rate_f is not null"),
        ("where", "rate_f > 100 or rate_f between -5 and 5"),
    ]
    same_values(elsewhere, embedded, asked)


FUNCTIONS = [
    "hour(ts)", "minute(ts)", "second(ts)", "quarter(ts)", "dayofweek(ts)", "weekday(ts)",
    "isodow(ts)", "dayofyear(ts)", "week(ts)", "weekofyear(ts)", "dayname(ts)",
    "monthname(ts)", "contains(code, '-')", "contains(code, '')", "ends_with(code, '')",
    "suffix(code, '1')", "prefix(code, 'A')", "prefix(code, '')",
    "strlen(code)", "js->>'kind'", "js->>'$.kind'", "json_extract_string(js, '$.when')",
    "item.sku", "item['sku']", "ts + to_days(qty)", "ts + to_hours(qty)",
    "ts + to_seconds(qty)", "ts + interval (qty) day", "isnan(rate)",
]  # fmt: skip

IN_POSTGRES = [
    r"regexp_extract(code, '\w')", r"regexp_extract(code, '([A-Z])', 1)",
    "regexp_extract(code, '([[:alpha:]])-', 1)", r"regexp_replace(code, '[\d-]', '')",
    "regexp_matches(code, '^[[:upper:]]')", r"regexp_matches(code, '^\W')",
]  # fmt: skip

IN_SPARK = [
    "list_contains(tags, 'vip')", "tags[1]", "tags[9]", "nets[-1]", "list_extract(nets, 2)",
    "isinf(rate)", "yearweek(ts)", "isoyear(d)", "date_part('isodow', ts)", "epoch_us(tstz)",
    "date_diff('month', d, ts)", "datediff('quarter', ts, d)", "date_diff('year', d, ts)",
    "to_timestamp(epoms / 1000)", "ts at time zone 'America/New_York'", "row(code, qty)",
    "ts + to_months(qty)", "d + interval (qty) week", "concat(code, '/', rate is null, qty)",
    "right(code, -2)", "left(code, -qty % 3)", "substr(code, 0, 3)", "strftime('%m', ts)",
    r"regexp_replace(code, '([A-Z])-(\d)', '\2$\1')", r"regexp_replace(code, '\d', '\0\0')",
    r"regexp_replace(code, '[^A-Z[]', '1')", "regexp_matches(code, '(?i)É')",
    "regexp_matches(code, 'a', 'i')", "regexp_full_match(code, 'A.1|.')", "code ~ '.$'",
    r"regexp_extract(code, '(\d)', 1)", "log(bigq + 1)", "log(2, abs(qty) + 1)",
    "try_cast(badtxt as double)", "try_cast(numtxt as decimal(9, 1))", "cast(price / 4 as integer)",
    "try_cast(rate as smallint)", "cast(price * 1.25 as bigint)", "cast(is_paid as integer)",
]  # fmt: skip


def test_functions_of_other_names_are_the_same(embedded, elsewhere):
    texts = FUNCTIONS + {"spark": IN_SPARK, "postgres": IN_POSTGRES}[elsewhere.dialect]
    same_values(elsewhere, embedded, [("order", text) for text in texts])


def test_what_a_condition_sees_of_days_is_the_same(embedded, elsewhere):
    """Of an order only counts which are the same; here the values themselves."""
    texts = "dayname(ts) = 'Sunday'; monthname(d) = 'March'; weekday(d) = 0; dayofweek(ts) = 6"
    texts += "; isodow(d) = 7; extract(dow from ts) = 0; extract(second from ts) = 59"
    texts += "; date_part('second', ts) = 59; extract(isodow from ts) < 6; not isnan(rate)"
    texts += "; strftime(ts, '%y') = '24'"
    same_values(elsewhere, embedded, [("where", text) for text in texts.split("; ")])
