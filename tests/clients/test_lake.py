"""A DuckLake as the home of a model: tables, views and macros in its catalog, several writers.

Its extension comes as a package for one version of DuckDB; the gate runs this file with that one.
"""

from __future__ import annotations

import threading

import duckdb
import pytest

import segmenter
from segmenter import Settings, Source
from segmenter.errors import BusyError, SegmenterError
from segmenter.schema.extensions import load_extension
from segmenter.storage import store
from tests.datasets import SHOP

SALES = Source(
    transactions="sales", customer="customer_id", amount="amount", order="order_id", date="sold_at"
)


def connect(catalog, folder):
    """Return a connection that uses a lake."""
    con = duckdb.connect()
    try:
        load_extension(con, "ducklake")
        if "postgres:" in catalog:
            load_extension(con, "postgres_scanner")
    except SegmenterError as error:
        pytest.skip(f"DuckLake's extension is not here: {error}")
    con.execute(f"attach 'ducklake:{catalog}' as lake (data_path '{folder}/data/')")
    con.execute("use lake")
    return con


@pytest.fixture(params=["duckdb", "postgres"])
def catalog(request, tmp_path):
    """What keeps the catalog of a lake."""
    if request.param == "duckdb":
        return str(tmp_path / "catalog.ducklake")
    info = request.getfixturevalue("database").info
    return f"postgres:host={info.host} dbname={info.dbname} user={info.user}"


@pytest.fixture
def lake(catalog, tmp_path):
    con = connect(catalog, tmp_path)
    con.execute(SHOP)
    return con


@pytest.fixture
def plain():
    """The same shop in DuckDB."""
    with duckdb.connect() as con:
        con.execute(SHOP)
        yield con


MORE = (
    "insert into sales select customer_id, amount * 3, order_id + 100000, "
    "sold_at + interval 20 day from sales where customer_id % 3 = 0"
)
MADE_AT = {"fitted_at", "refreshed_at", "valid_from", "valid_to", "published_at"}


def state(con):
    """Return the rows of all that people read, without the times at which it was made."""
    found = {}
    views = con.execute(
        "select distinct view_name from duckdb_views() where schema_name = 'segments' "
        "and database_name = current_database() and view_name <> 'whales' order by all"
    ).fetchall()
    for (name,) in views:
        rows = con.execute(f"from segments.{name}")
        columns = [column[0] for column in rows.description]
        kept = [i for i, column in enumerate(columns) if column not in MADE_AT]
        found[name] = sorted(repr([row[i] for i in kept]) for row in rows.fetchall())
    return found


def test_a_lake_answers_as_duckdb_does(lake, plain):
    for con in (lake, plain):
        db = segmenter.open(con)
        db.fit(SALES)
        con.execute(MORE)
        db.refresh()
        db.fit(SALES, Settings(levels=1), publish=True)
        db.rollback(1)
        db.forget(3)
    there, here = state(lake), state(plain)
    assert {"customer_segments", "customer_segments_history", "next_actions"} <= set(here)
    assert there == here
    for query in (
        "select segments.classify_segment(m, f), explain_segment(m, f) "
        "from (values (1, 1), (90, 3), (5000, 12)) as t(m, f)",
        "select * from segments.compare_models(1, 2) order by all",
        "select * from segments.customer_segments_at(timestamp '2011-01-15') order by all",
    ):
        assert lake.execute(query).fetchall() == plain.execute(query).fetchall()
    for con in (lake, plain):
        segmenter.open(con).prune(1)
    assert state(lake) == state(plain)
    comments = (
        "select comment from duckdb_views() where view_name = 'customer_segments' "
        "and database_name = current_database()"
    )
    assert lake.execute(comments).fetchall() == plain.execute(comments).fetchall() != []


def test_another_process_sees_it(lake, catalog, tmp_path):
    segmenter.fit(lake, SALES)
    expected = state(lake)
    lake.close()
    again = connect(catalog, tmp_path)
    assert segmenter.load(again).model_id == 1
    assert state(again) == expected


def test_a_transaction_that_is_open_is_a_sentence(lake):
    lake.execute("begin")
    with pytest.raises(SegmenterError, match="is inside a transaction"):
        segmenter.fit(lake, SALES)
    lake.execute("rollback")
    segmenter.fit(lake, SALES)


def test_a_fit_that_fails_leaves_the_lake_as_it_was(lake, monkeypatch):
    segmenter.fit(lake, SALES)
    before = state(lake)

    def fails(*_):
        raise SegmenterError("no")

    monkeypatch.setattr("segmenter.storage.publish.write_comments", fails)
    with pytest.raises(SegmenterError, match="no"):
        segmenter.open(lake).fit(SALES, Settings(levels=1), publish=True)
    assert state(lake) == before


@pytest.mark.filterwarnings("ignore:model . is stored but not published")
def test_of_two_writers_at_once_one_stores_and_the_other_is_told(
    lake, catalog, tmp_path, monkeypatch
):
    """Each has read what the other writes: without keys both would store a model 2."""
    segmenter.fit(lake, SALES)
    other = lake.cursor() if "postgres:" not in catalog else connect(catalog, tmp_path)
    other.execute("use lake")
    met = threading.Barrier(2, timeout=60)
    ends = []
    saved = store.save

    def save(*args):
        model = saved(*args)
        met.wait()  # neither has committed
        return model

    def fit(con):
        try:
            ends.append(segmenter.open(con).fit(SALES, Settings(levels=1), publish=False))
        except SegmenterError as error:
            ends.append(error)

    monkeypatch.setattr(store, "save", save)
    writers = [threading.Thread(target=fit, args=(con,)) for con in (lake, other)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    monkeypatch.undo()
    assert sorted(isinstance(end, BusyError) for end in ends) == [False, True]
    (error,) = (end for end in ends if isinstance(end, BusyError))
    assert "somebody else changed the database meanwhile" in str(error)
    assert "Try again" in str(error)
    ids = "select model_id from segments_internal.models order by model_id"
    assert lake.execute(ids).fetchall() == [(1,), (2,)]
    segmenter.open(lake).fit(SALES, publish=True)
    assert lake.execute(ids).fetchall() == [(1,), (2,), (3,)]
