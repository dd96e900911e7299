"""What a script means, asked in the same way on each engine that this machine can start.

The expected rows are DuckDB's, read from the database that the model was fitted in. The table of
`segmenter/engines/README.md` is made of what was seen here.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
from dataclasses import replace
from functools import cache
from pathlib import Path

import duckdb
import numpy as np
import pytest

import segmenter
from segmenter import SegmenterError, Settings, Source
from tests.clients.conftest import COLUMNS
from tests.clients.dialects import ENGINES, OBJECTS, check_views, started
from tests.clients.random_models import (
    EXPLAINED,
    borders,
    explained_borders,
    model_of_many_rules,
    random_model,
)
from tests.combinations import first_in_gate
from tests.datasets import SHOP, load_dataset

PAGE = Path(segmenter.__file__).parent / "engines" / "README.md"


@pytest.fixture(params=ENGINES)
def engine(request):
    return started(request, request.param)


def fitted(create, source, settings=None):
    """Yield DuckDB with a model of what it created, or of a data set."""
    with duckdb.connect() as con:
        read = load_dataset(con, create) if source is None else con.execute(create) and source
        yield con, segmenter.fit(con, read, settings or Settings())


@pytest.fixture(scope="module")
def small():
    yield from fitted(SHOP, Source(transactions="sales", **COLUMNS))


@pytest.fixture(scope="module")
def cdnow():
    yield from fitted("cdnow", None)


@pytest.fixture(scope="module")
def online_retail():
    yield from fitted("online_retail", None)


def classified(engine, model, monetary, frequency):
    """Classify profiles on an engine, and see that DuckDB and the model say the same."""
    with duckdb.connect() as con:
        con.register("frame", {"id": np.arange(len(monetary)), "m": monetary, "f": frequency})
        con.execute("create table probe as select id, m, f from frame")
        engine.load(con, "probe")
    found = engine.classified(model)
    assert found == model.classify(monetary, frequency).tolist()
    return found


@pytest.mark.parametrize(
    "base", ["small", "cdnow", pytest.param("online_retail", marks=pytest.mark.extended)]
)
def test_every_customer_has_the_same_profile_segment_and_summary(engine, base, request):
    con, model = request.getfixturevalue(base)
    engine.load(con, model.source["transactions"])
    for _ in range(2):  # as after each new model
        engine.run(segmenter.export(model, engine.dialect))
    is_slow = base == "cdnow" and engine.dialect != "duckdb"  # what asks several times
    check_views(engine, con, OBJECTS[:6] if is_slow else OBJECTS)


def test_customers_that_the_model_has_not_seen(engine):
    """Bins, cuts and what leads upwards are of the rows of today."""
    with duckdb.connect() as con:
        con.execute(
            "create table sales as select i * i % 397 as customer_id, i as order_id, "
            "5 + (i * i % 397) / 4.0 as amount, timestamp '2024-01-01' + interval 1 hour * i "
            "as sold_at from range(1500) as t(i)"
        )
        model = segmenter.fit(con, Source(transactions="sales", **COLUMNS))
        for customer, amount in (("customer_id % 20 + 1000", "amount * 2"), ("customer_id", "-1")):
            con.execute(
                f"insert into sales select {customer}, order_id + 100000, {amount}, sold_at "
                "from sales where customer_id < 200"
            )
        engine.load(con, "sales")
        engine.run(segmenter.export(model, engine.dialect))
        check_views(engine, con)
        drifted = engine.rows(f"select count(*) from {engine.view('drift')} where is_drifted")
        assert drifted[0][0] > 1


@first_in_gate(
    ("segments", "seed"),
    [(2, 0), (4, 1), (7, 0), *itertools.product(range(2, 8), range(2, 22))],
    first=3,
)
def test_a_random_model_agrees_at_every_border(engine, segments, seed):
    model = random_model(segments, seed)
    engine.run(segmenter.export(model, engine.dialect))
    found = classified(engine, model, *borders(model.rules))
    assert set(found) == {None, *model.names}


def test_a_model_of_many_rules_stays_within_the_limits(engine):
    model = model_of_many_rules()
    engine.run(segmenter.export(model, engine.dialect))
    rules = engine.rows(
        f"select count(*), count(distinct segment) from {engine.view('segment_rules')}"
    )
    assert rules == [(len(model.rules), len(model.names))]
    classified(engine, model, *borders(model.rules))


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
def test_why_a_profile_is_in_its_segment(engine):
    """Infinity is a text in JSON."""
    model = random_model(4, 1)
    engine.run(segmenter.export(model, engine.dialect))
    with duckdb.connect() as con:
        expected = explained_borders(con, model)
        engine.load(con, "probe")
    found = [row[0] for row in engine.rows(EXPLAINED.format("segments."))]
    for each in filter(None, found):
        each |= {name: float(each[name]) for name in ("monetary_from", "monetary_below")}
    assert found == expected
    assert {each and each["segment"] for each in found} == {None, *model.names}


def test_a_hundred_thousand_profiles(engine):
    model = random_model(5, 0)
    rng = np.random.default_rng(3)
    monetary = np.concatenate([rng.lognormal(4, 1.5, 80_000) - 30, rng.normal(0, 1e12, 20_000)])
    frequency = np.concatenate([rng.integers(0, 40, 80_000), rng.normal(0, 1e10, 20_000)])
    engine.run(segmenter.export(model, engine.dialect))
    found = classified(engine, model, monetary, frequency.astype(np.float64))
    assert set(found) == set(model.names)


ODD = """
    create table odd as
    select
        case i % 90
            when 0 then 'abc' when 1 then 'ABC' when 2 then 'äbc' when 3 then 'abc '
            when 4 then null when 5 then 'ÄBC' when 6 then '' else 'c' || (i % 90)
        end as customer,
        case when i % 11 > 0 then chr((65 + i % 2 * 32)::integer) || (i - i % 2) end as invoice,
        case when i % 13 = 0 then -3.335 when i % 17 = 0 then null
            else (i % 90) * (i % 90) / 4.0 + 0.005 end::double as paid,
        ((i * 7919) % 1000 / 100.0)::decimal(9, 2) as price,
        (i % 5)::integer as pieces,
        case i % 7 when 0 then 'web' when 1 then 'WEB' when 2 then 'web ' end as channel,
        timestamp '2024-01-01' + interval 9 hours * i + interval 1 microsecond * (i % 3) as sold_at
    from range(900) as t(i)
"""

QUESTIONS = {
    "texts": {},
    "decimals and weeks": {"amount": "price * pieces", "window": "10 weeks"},
    "months": {"window": "3 months", "as_of": "2024-05-31", "where": "channel <> 'web'"},
    "numbers": {"where": "price between 0.07 and 9 and not channel in ('WEB', 'x') or pieces = 3"},
    "patterns": {"amount": "coalesce(paid, 0) - price / 4", "where": "channel like 'w_b%'"},
    "times": {"where": "sold_at >= date '2024-02-29' and sold_at < timestamp '2024-11-01'"},
    "rows": {"amount": "case when channel = 'WEB' then -paid else price end", "order": None},
}


@cache
def answered(question):
    """Return DuckDB with a model, kept for each engine."""
    con = duckdb.connect()
    con.execute(ODD)
    columns = {"customer": "customer", "order": "invoice", "amount": "paid", "date": "sold_at"}
    source = Source(transactions="odd", **(columns | QUESTIONS[question]))
    return con, segmenter.fit(
        con, source, Settings(names=("Mother's \\ ?", 'a "b" $$', 'A "B" $$'))
    )


@pytest.mark.parametrize("question", QUESTIONS)
def test_odd_customers_refunds_conditions_and_windows(engine, question):
    con, model = answered(question)
    engine.load(con, "odd")
    engine.run(segmenter.export(model, engine.dialect))
    check_views(engine, con)
    points = engine.rows(segmenter.export(model, engine.dialect, what="points").rstrip(";\n"))
    here = con.execute("from segments_internal.profile_points").fetchall()
    assert sorted(points) == sorted(here)


TEXTS = {
    "sqlite": ("(customer_id, order_id, amount, sold_at)", "integer overflow"),
    "mysql": (
        "(customer_id int, order_id int, amount varchar(40), sold_at varchar(40))",
        "BIGINT value is out of range",
    ),
    "clickhouse": (
        "(customer_id Int32, order_id Int32, amount String, sold_at String) "
        "engine = MergeTree order by tuple()",
        "a value of (amount|sold_at) is no (number|time)",
    ),
}
"""Where a column may hold texts: its table, and what is said where a number or a time is due."""


@pytest.mark.parametrize("engine", TEXTS, indirect=True)
@pytest.mark.parametrize(
    ("amount", "sold_at"),
    [
        ("12,50", None),
        ("", None),
        (None, "2024-02-31"),
        (None, "31.01.2024"),
        (None, "2024-01-31 25:00:00"),
        (None, "1706659200"),
    ],
)
def test_a_text_that_is_none_ends_a_query(engine, small, amount, sold_at):
    """It counts as no other number, and as no other time, as a cast would have it."""
    _, model = small
    columns, message = TEXTS[engine.dialect]
    engine.run(f"create table sales {columns}")
    engine.run(segmenter.export(model, engine.dialect))
    right = "1" if engine.dialect == "sqlite" else "'1'"
    engine.run(f"insert into sales values (1, 1, {right}, '2024-01-31T10:00:00.50')")
    query = f"select monetary, first_order_at from {engine.view('customer_profile')}"
    moment = dt.datetime(2024, 1, 31, 10, 0, 0, 500_000)
    assert engine.rows(query) == [(1.0, engine.read(moment))]
    wrong = f"'{amount}'" if sold_at is None else right
    time = "2024-01-31" if sold_at is None else sold_at
    engine.run(f"insert into sales values (1, 2, {wrong}, '{time}')")
    with pytest.raises(Exception, match=message):
        engine.rows(query)


def test_the_page_says_what_each_engine_does(engine, small):
    con, model = small
    engine.load(con, "sales")
    script = segmenter.export(model, engine.dialect)
    engine.run(script)
    check_views(engine, con)
    cells = [engine.dialect, engine.place]
    if engine.call is None:
        cells.append("in the views")
    else:
        assert engine.rows(f"select {engine.call.replace('m, f', '1e6, 3')}") == [("Elite",)]
        cells.append("function")
    assert ("explain_segment(" in script) == (engine.explanation != "no")
    cells.append(engine.explanation)
    cells += ["view" for _ in OBJECTS]
    cells.append("yes" if stays_whole(engine, script) else "no")
    nan, infinity = (holds(engine, value) for value in (np.nan, np.inf))
    cells += ["yes" if nan else "NULL", "yes" if infinity else "NULL"]
    has_decimals = passing(engine, model, "amount * 3 = 3.3 and amount * 1.1 = 1.21") == 1
    assert has_decimals == engine.has_decimals
    cells.append("exact" if has_decimals else "doubles")
    cells.append(large_sum(engine, model))
    try:
        segmenter.export(
            replace(model, source=model.source | {"where": "pieces % 2 = 0"}), engine.dialect
        )
    except SegmenterError:
        cells.append("a list")
    else:
        cells.append("most")
    assert f"| {' | '.join(cells)} |" in PAGE.read_text(encoding="utf-8").splitlines()


def stays_whole(engine, script):
    """Whether a script that fails near its end leaves the views as they were."""
    summary = f"select * from {engine.view('segment_summary')} order by 2"
    before = engine.rows(summary)
    other = script.replace("'Elite'", "'Best'")
    head, create, tail = other.rpartition("CREATE")
    with pytest.raises(Exception, match="nowhere"):
        engine.run(f"{head}SELECT * FROM nowhere;\n{create}{tail}")
    with contextlib.suppress(Exception):
        engine.run("ROLLBACK")
    return engine.rows(summary) == before


def holds(engine, value):
    """Whether a double that is no finite number can be stored."""
    with duckdb.connect() as con:
        name = f"odd_{value}"
        con.execute(f"create table {name} as select cast($1 as double) as m", [value])
        engine.load(con, name)
        return engine.rows(f"select count(m) from {name}") == [(1,)]


def large_sum(engine, model):
    """Return what becomes of a sum of ten-thousandths beyond 64 bits."""
    with duckdb.connect() as con:
        con.execute(
            "create table large as select 1::bigint as customer_id, i as order_id, "
            "1e13::double as amount, timestamp '2024-01-01' as sold_at from range(100) as t(i)"
        )
        engine.load(con, "large")
    source = model.source | {"transactions": "large"}
    engine.run(segmenter.export(replace(model, source=source), engine.dialect))
    try:
        found = engine.rows(f"select monetary from {engine.view('customer_profile')}")
    except engine.error:
        return "an error"
    assert found == [(1e15,)]
    return "right"


def passing(engine, model, where):
    """Return how many rows with the DECIMAL 1.10 pass a condition."""
    with duckdb.connect() as con:
        con.execute(
            "create table priced as select 1::bigint as customer_id, 1::bigint as order_id, "
            "1.1::decimal(9, 2) as amount, timestamp '2024-01-01' as sold_at"
        )
        engine.load(con, "priced")
    source = model.source | {"transactions": "priced", "where": where}
    engine.run(segmenter.export(replace(model, source=source), engine.dialect))
    return engine.rows(f"select count(*) from {engine.view('transactions')}")[0][0]
