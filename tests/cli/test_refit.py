"""``segmenter refit``: the current model's source and settings once more, but for what is typed."""

from __future__ import annotations

import json

import duckdb
import pytest

import segmenter
from segmenter import InputError, NoModelError, Settings
from segmenter.api.database import Database
from tests.datasets import SHOP

FIT = (
    *("--transactions", "sales", "--customer", "customer_id", "--amount", "amount"),
    *("--order", "order_id", "--date", "sold_at"),
)


@pytest.fixture
def shop_file(fitted_file):
    return fitted_file(SHOP, *FIT, "--where", "amount <> 0", "--levels", "1")


def versions(path):
    with duckdb.connect(str(path), read_only=True) as con:
        return con.execute(
            "select model_id, is_current, source, settings from segments_internal.models order by 1"
        ).fetchall()


def test_nothing_of_the_fit_is_typed_again(run, shop_file):
    assert run("refit", shop_file, "--quiet").code == 0
    first, second = versions(shop_file)
    assert (first[0], first[1], second[0], second[1]) == (1, False, 2, True)
    assert first[2:] == second[2:]


def test_new_sales_count(run, shop_file):
    with duckdb.connect(str(shop_file)) as con:
        con.execute(
            "insert into sales (customer_id, order_id, amount, sold_at) "
            "values (61, 9001, 10, date '2024-06-01')"
        )
    result = run("refit", shop_file, "--format", "csv", "--quiet")
    with duckdb.connect(str(shop_file)) as con:
        assert con.execute("from segments.current_model select customers").fetchall() == [(61,)]
    assert result.code == 0


def test_what_is_typed_is_changed_and_kept(run, shop_file):
    result = run("refit", shop_file, "--levels", "2", "--window", "12 months", "--publish")
    assert result.code == 0
    assert '--window "12 months"; model 1 was fitted with no window.' in result.err
    assert run("refit", shop_file, "--n-neighbors", "3", "--publish", "--quiet").code == 0
    *_, third = versions(shop_file)
    source, settings = json.loads(third[2]), json.loads(third[3])
    assert (source["window"], source["where"]) == ("12 months", "amount <> 0")
    assert (settings["levels"], settings["n_neighbors"]) == (2, 3)


def test_a_refit_that_moves_too_many_is_stored_and_says_so(run, shop_file):
    result = run("refit", shop_file, "--levels", "2", "--max-change", "0.01")
    assert result.code == 3
    assert "model 2 is stored but not published" in result.err
    assert [row[:2] for row in versions(shop_file)] == [(1, True), (2, False)]


def test_a_last_day_stays_and_is_said(run, fitted_file):
    path = fitted_file(SHOP, *FIT, "--as-of", "2024-06-30")
    result = run("refit", path)
    assert result.code == 0
    assert "nothing after 2024-06-30" in result.err
    assert "Fit without --as-of" in result.err
    # what the sentence says to do, done
    assert run("fit", path, *FIT, "--quiet").code == 0
    assert "nothing after" not in run("refit", path).err


def test_without_a_model_it_says_what_to_do(run, tmp_path):
    with duckdb.connect(str(tmp_path / "new.duckdb")) as con:
        con.execute(SHOP)
    result = run("refit", tmp_path / "new.duckdb")
    assert result.code == 2
    assert "segmenter fit DB --transactions TABLE" in result.err


def test_a_frame_that_is_gone_is_refused(run, tmp_path):
    path = tmp_path / "frame.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute(SHOP)
        frame = con.execute("from sales").df()
        source = segmenter.Source(transactions=frame, customer="customer_id", amount="amount")
        segmenter.fit(con, source)
    result = run("refit", path)
    assert result.code == 2
    assert "fitted to a data frame that ended with its session" in result.err
    assert len(versions(path)) == 1


def test_a_source_that_is_gone_leaves_the_model(run, shop_file):
    with duckdb.connect(str(shop_file)) as con:
        con.execute("drop table sales")
    result = run("refit", shop_file)
    assert result.code == 2
    assert "sales" in result.err
    assert len(versions(shop_file)) == 1


def test_an_option_of_another_engine_is_refused(run, shop_file):
    result = run("refit", shop_file, "--dsn", "postgresql://localhost/shop")
    assert result.code == 2
    assert "--dsn belongs to --engine postgres" in result.err


def test_from_python(shop_file):
    db = segmenter.open(shop_file)
    assert isinstance(db, Database)
    assert db.refit().model.settings == Settings(levels=1)
    assert db.refit(levels=2, publish=True).model.settings == Settings(levels=2)
    assert db.refit().model.settings == Settings(levels=2)
    with pytest.warns(UserWarning, match="model 5 is stored but not published"):
        assert not db.refit(levels=1).is_published
    with pytest.raises(InputError, match="'level' is not a setting"):
        db.refit(level=3)
    with pytest.raises(InputError, match="max_change must be a share"):
        db.refit(max_change=3)


def test_a_connection_without_a_model(con):
    with pytest.raises(NoModelError):
        segmenter.open(con).refit()


def test_attributes_are_kept_changed_and_left_out(run, fitted_file):
    sales = f"{SHOP}; alter table sales add column country varchar; " + (
        'alter table sales add column "own, channel" varchar; update sales set country = '
        "case when order_id % 7 = 0 then 'DE' else 'AT' end, \"own, channel\" = 'web'"
    )
    path = fitted_file(sales, *FIT, "--attributes", "country")

    def header(*words):
        return run("customers", path, "--format", "csv", *words).out.splitlines()[0]

    assert header().endswith("lifecycle,country")
    done = run("refit", path, "--attributes", 'country, "own, channel"')
    assert done.code == 0, done.err
    assert "several values of country: the latest stands with them." in done.err
    assert header("--snapshot").endswith('lifecycle,country,"own, channel"')
    for words, last in (("--upgrades", "is_lifted_by_median_order"), ("--next", "repeat_rate")):
        assert header(words).endswith(f'{last},country,"own, channel"')
    assert run("refit", path).code == 0
    assert header().endswith('lifecycle,country,"own, channel"')
    none = run("refit", path, "--attributes", "")
    assert none.code == 0
    assert "was fitted with --attributes 'country,\"own, channel\"'" in none.err
    assert header().endswith("lifecycle")
    refused = run("refit", path, "--attributes", "land")
    assert refused.code == 2
    assert "attribute 'land' is not a column of sales" in refused.err
    twice = run("refit", path, "--attributes", "country,country")
    assert "attributes has 'country' twice" in twice.err
