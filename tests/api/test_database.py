"""A database as an object: what each method returns is what SQL and the file say."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import segmenter
from segmenter import InputError, NoModelError, SegmenterError, Source
from tests.datasets import SHOP

ROOT = Path(__file__).parent.parent.parent


def asked(path, query):
    with duckdb.connect(str(path), read_only=True) as con:
        return con.execute(query).fetchall()


def test_a_table_is_what_the_view_has(db, path):
    table = db.segments()
    expected = asked(path, "select segment, customers, revenue from segments.segment_summary")
    assert list(table.rows(["segment", "customers", "revenue"])) == expected
    assert table.to_arrow().column("customers").to_pylist() == [row[1] for row in expected]
    assert table.to_pandas()["segment"].tolist() == [row[0] for row in expected]
    assert isinstance(table.to_pandas(), pd.DataFrame)
    assert isinstance(table.to_arrow(), pa.Table)
    assert repr(table).splitlines()[1].split()[0] == expected[0][0]


def test_means_without_whales_are_those_of_the_others(db, path):
    query = (
        "select avg(monetary) filter (not is_whale), count(*) filter (is_whale) "
        "from segments.customer_segments group by segment_rank order by segment_rank"
    )
    for snapshot in (False, True):
        found = db.segments(snapshot=snapshot).records()
        expected = asked(path, query)
        assert sum(whales for _, whales in expected) > 0
        for row, (mean, whales) in zip(found, expected, strict=True):
            assert row["mean_monetary_without_whales"] == pytest.approx(mean)
            assert (row["mean_monetary"] != row["mean_monetary_without_whales"]) == (whales > 0)


def test_customers_are_those_of_the_view(db, path):
    for segment, count in asked(path, "select segment, customers from segments.segment_summary"):
        assert len(db.customers(segment=segment)) == count
    assert len(db.customers(limit=3)) == 3
    first = db.customers(order_by="monetary", limit=1).records()[0]
    assert [(first["monetary"],)] == asked(
        path, "select max(monetary) from segments.customer_segments"
    )
    needed = db.customers(upgrades=True).to_pandas()["monetary_needed"].dropna()
    assert needed.is_monotonic_increasing


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"segment": "Eliet"}, "Did you mean 'Elite'"),
        ({"order_by": "monetery"}, "Did you mean 'monetary'"),
        ({"lifecycle": "laps"}, "lifecycle must be one of"),
        ({"limit": -1}, "limit must be"),
        ({"upgrades": True, "snapshot": True}, "leave the other out"),
    ],
)
def test_a_wrong_question_is_bad_input(db, options, words):
    with pytest.raises(InputError, match=words):
        db.customers(**options)


def test_classify_is_the_macro(db, path):
    rng = np.random.default_rng(0)
    monetary = np.r_[rng.uniform(-50, 3000, 200), np.nan, np.inf]
    frequency = np.r_[rng.integers(0, 40, 200), 3, 3].astype(float)
    with duckdb.connect(str(path), read_only=True) as con:
        expected = [
            con.execute("select classify_segment($1, $2)", [m, f]).fetchone()[0]
            for m, f in zip(monetary, frequency, strict=True)
        ]
    found = db.classify(monetary, frequency)
    assert isinstance(found, np.ndarray)
    assert found.tolist() == expected
    assert db.classify(monetary[0], frequency[0]) == expected[0]
    assert db.model().classify(monetary, frequency).tolist() == expected
    with pytest.raises(InputError, match="equally many"):
        db.classify([1, 2], [1])


def test_an_explanation_is_true(db):
    found = db.explain(10, 1)
    assert db.classify(10 + found.monetary_change, 1) == found.monetary_segment
    assert found.segment == db.classify(10, 1)
    assert found.segment in repr(found)
    customer = db.customers(limit=1).records()[0]
    assert db.explain(customer=customer["customer_id"]).segment == customer["segment"]
    with pytest.raises(InputError, match="no customer"):
        db.explain(customer="nobody")
    with pytest.raises(InputError, match="not both"):
        db.explain(1, 2, customer=3)


def test_versions(db, path, sales):
    with duckdb.connect(str(path)) as con:
        con.execute("insert into sales select * replace (amount * 3 as amount) from sales")
    with pytest.warns(UserWarning, match="stored but not published"):
        result = db.fit(sales, max_change=0)
    assert not result.is_published
    assert db.fit(sales, publish=True).is_published
    assert list(db.models().rows(["model_id", "is_current"])) == [(1, False), (2, False), (3, True)]
    compared = db.compare(2, 3)
    assert compared.same_name == compared.customers
    assert compared.adjusted_rand_index == 1
    assert db.rollback(1).model_id == 1
    assert db.prune(1) == (2,)
    assert list(db.models().rows(["model_id", "is_current"])) == [(1, True), (3, False)]
    for wrong in (lambda: db.compare(1, 2), lambda: db.rollback(2), lambda: db.model(2)):
        with pytest.raises(NoModelError, match="no model 2"):
            wrong()
    with pytest.raises(InputError, match="the current one already"):
        db.rollback(1)
    with pytest.raises(InputError, match="keep must be"):
        db.prune(0)


def test_what_is_watched(db, path):
    assert not db.drift().is_due
    assert db.quality().table.columns[:3] == ("model_id", "metric", "value")
    assert asked(path, "select count(*) from segments.model_quality")[0][0] == len(
        db.quality().table
    )
    start = asked(path, "select quantile_disc(sold_at, 0.5) from sales")[0][0]
    moved = db.moves(start)
    there = asked(path, f"select count(*) from segments.customer_segments_at('{moved.start}')")
    assert moved.customers == there[0][0]
    assert len(db.customer_moves(start)) >= moved.risen + moved.fallen
    with pytest.raises(InputError, match="must be before end"):
        db.moves("2030-01-02", "2030-01-01")
    outcome = db.backtest(start)
    assert len(outcome.table) == asked(path, "select count(*) from segments.backtest")[0][0]


def test_the_snapshot_is_refreshed_and_people_are_forgotten(db, path):
    with duckdb.connect(str(path)) as con:
        con.execute(
            "insert into sales (customer_id, amount, order_id, sold_at) "
            "select 999, 5000, 100000, max(sold_at) from sales"
        )
    before = db.segments(snapshot=True).to_pandas()["customers"].sum()
    assert db.refresh().customers == before + 1
    assert db.segments(snapshot=True).to_pandas()["customers"].sum() == before + 1
    removed = db.forget(999).to_pandas()["removed"].sum()
    assert removed >= 1
    with pytest.raises(SegmenterError, match="no customer"):
        db.forget(1000)


def test_files_are_labelled(db, tmp_path):
    given, output = tmp_path / "profiles.csv", tmp_path / "labelled.csv"
    given.write_text("monetary,frequency\n10,1\n5000,30\n")
    assert db.label(given, output).rows == 2
    labels = [line.split(",")[2] for line in output.read_text().splitlines()[1:]]
    assert labels == db.classify([10, 5000], [1, 30]).tolist()
    raw = tmp_path / "raw.csv"
    raw.write_text("who,paid\na,10\nb,2500\nb,2500\n")
    source = Source.from_transactions(str(raw), customer="who", amount="paid")
    assert db.label(source, tmp_path / "people.parquet").rows == 2
    with pytest.raises(SegmenterError, match="exists already"):
        db.label(given, output)
    with pytest.raises(InputError, match="partition_by needs a Spark session"):
        db.label(given, tmp_path / "lake", partition_by=["region"])
    with pytest.raises(InputError, match="not on a str"):
        db.label(given, tmp_path / "lake", session="spark")
    with pytest.raises(InputError, match="belong to a file of profiles"):
        db.label(source, tmp_path / "other.csv", monetary="paid")
    with pytest.raises(InputError, match="label works on files"):
        db.label(Source.from_profiles("sales"), tmp_path / "other.csv")


def test_a_script_is_that_of_the_model(db):
    assert db.export("postgres") == segmenter.export(db.model(), "postgres")
    assert "GROUP BY" in db.export("postgres", what="points")


def test_a_report_is_written_and_shown(db, path, tmp_path):
    made = db.report(tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text() == made.html
    assert made._repr_html_().startswith("<iframe srcdoc=")
    with pytest.raises(InputError, match="is the database itself"):
        db.report(path, overwrite=True)


def test_notebooks_show_a_table_and_the_picture_of_the_report(db, monkeypatch):
    table = db.segments()
    shown = table._repr_html_()
    assert shown.startswith('<img style="max-width: 100%" src="data:image/png;base64,iVBOR')
    assert all(f">{name}</td>" in shown for name in db.model().names)
    assert "<img" in db.quality()._repr_html_()
    monkeypatch.setattr("segmenter.api.pictures.find_spec", lambda name: None)
    assert table._repr_html_().startswith("<table>")


def test_names_are_no_markup(tmp_path):
    with duckdb.connect(str(tmp_path / "odd.duckdb")) as con:
        con.execute(SHOP)
    db = segmenter.open(tmp_path / "odd.duckdb")
    source = Source.from_transactions("sales", customer="customer_id", amount="amount")
    db.fit(source, segmenter.Settings(names=("<b>1", "[red]2", "3")))
    assert "&lt;b&gt;1" in db.segments()._repr_html_()
    assert "[red]2" in repr(db.segments())


def test_a_file_is_made_by_the_first_fit(tmp_path):
    (tmp_path / "sales.csv").write_text(
        "who,paid\n" + "".join(f"{i % 40},{(i % 40) ** 2 + 1}\n" for i in range(400))
    )
    source = Source.from_transactions(str(tmp_path / "sales.csv"), customer="who", amount="paid")
    db = segmenter.open(tmp_path / "new.duckdb")
    with pytest.raises(SegmenterError, match="there is no database"):
        db.segments()
    assert db.fit(source).is_published
    assert sorted(file.name for file in tmp_path.iterdir()) == ["new.duckdb", "sales.csv"]
    frame = pd.read_csv(tmp_path / "sales.csv")
    other = segmenter.open(tmp_path / "frame.duckdb")
    assert other.fit(Source.from_transactions(frame, customer="who", amount="paid")).is_published
    assert other.segments().to_pandas().equals(db.segments().to_pandas())


@pytest.mark.parametrize(
    "error",
    [KeyboardInterrupt(), RuntimeError("Query interrupted"), duckdb.InterruptException("stop")],
)
def test_a_verb_that_is_stopped_leaves_the_database_as_it_was(db, path, sales, monkeypatch, error):
    def stop(*given):
        raise error

    monkeypatch.setattr("segmenter.operations.fit.train", stop)
    before = path.read_bytes()
    with pytest.raises(segmenter.Interrupted, match="stopped"):
        db.fit(sales)
    assert path.read_bytes() == before
    assert not issubclass(segmenter.Interrupted, SegmenterError)


def test_a_connection_of_the_caller(shop, sales):
    with segmenter.open(shop) as db:
        db.fit(sales)
        assert db.segments().to_pandas()["customers"].sum() == 60
        db.refresh()
        db.quality()
    assert shop.execute("select count(*) from segments.models").fetchone() == (1,)
    with pytest.raises(InputError, match="for a file that is opened here"):
        segmenter.open(shop, wait=5)
    with pytest.raises(InputError, match="connection of DuckDB"):
        segmenter.open(7)
    with duckdb.connect() as empty, pytest.raises(NoModelError, match="no model yet"):
        segmenter.open(empty).segments()


def test_views_of_a_file_read_nothing_else(db, path, tmp_path):
    (tmp_path.parent / "secret.csv").write_text("a\n1\n")
    other = tmp_path / "deep"
    other.mkdir()
    moved = other / "shop.duckdb"
    os.rename(path, moved)
    with duckdb.connect(str(moved)) as con:
        con.execute(
            "create or replace view segments.segment_summary as select * exclude (a) from "
            f"segments.customer_segments, read_csv('{tmp_path.parent}/secret.csv')"
        )
    with pytest.raises(duckdb.PermissionException):
        segmenter.open(moved).segments()
