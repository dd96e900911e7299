"""``segmenter quality`` and ``segmenter drift``."""

from __future__ import annotations

import json

import duckdb
import pytest

import segmenter

FIT = ("--transactions", "sales", "--customer", "customer_id", "--amount", "amount", "--quiet")


SALES = """
    create table sales as
    select (i * 7919 % 400)::bigint as customer_id,
        ((hash(i, 1) % 10000) / 100.0)::decimal(18, 2) as amount, i // 2 as order_id
    from range(2000) as t(i)
"""


@pytest.fixture
def shop_file(fitted_file):
    return fitted_file(SALES, *FIT, "--order", "order_id")


def sql(path, query):
    with duckdb.connect(str(path)) as con:
        return con.execute(query).fetchall()


def test_quality_is_shown_and_kept(run, shop_file):
    result = run("quality", shop_file)
    assert result.code == 0
    assert "Refitting draw 10 of 10" in result.err
    assert "silhouette" in result.out
    assert "10 draws, each without 10 % of the customers, seed 0" in " ".join(result.out.split())
    kept = sql(shop_file, "select metric, value, flat_value from segments.model_quality")
    again = run("quality", shop_file, "--model", "1", "--format", "json", "--quiet")
    assert again.err == ""
    shown = json.loads(again.out)["rows"]
    assert [(row["metric"], row["value"], row["flat_value"]) for row in shown] == kept
    assert kept == sql(shop_file, "select metric, value, flat_value from segments.model_quality")


def test_quality_needs_a_model_with_points(run, shop_file, tmp_path):
    result = run("quality", shop_file, "--model", "9")
    assert (result.code, "has no model 9 (1)" in result.err) == (2, True)
    sql(shop_file, "delete from segments_internal.model_points")
    result = run("quality", shop_file, "--quiet")
    assert result.code == 2
    assert "forgot its points" in result.err
    duckdb.connect(str(tmp_path / "empty.duckdb")).close()
    assert "has no model yet" in run("quality", tmp_path / "empty.duckdb").err


def test_drift_exits_with_0_or_5(run, shop_file):
    calm = run("drift", shop_file)
    assert (calm.code, calm.err) == (0, "")
    assert calm.out.rstrip().endswith("No refit needed.")
    sql(shop_file, "update sales set amount = amount * 2")
    moved = run("drift", shop_file)
    assert moved.code == 5
    assert "Refit: monetary" in moved.out
    as_json = run("drift", shop_file, "--format", "json")
    assert as_json.code == 5
    rows = {row["metric"]: row for row in json.loads(as_json.out)["rows"]}
    assert rows["overall"]["is_drifted"]
    assert rows["monetary"]["value"] > 0.2
    assert run("fit", shop_file, *FIT, "--order", "order_id", "--publish").code == 0
    assert run("drift", shop_file, "--format", "csv").code == 0


def test_drift_by_an_attribute_beside_the_verdict(run, fitted_file):
    sales = (
        f"{SALES}; alter table sales add column country varchar; update sales set country = "
        "case when customer_id < 300 then 'DE' when customer_id < 398 then 'AT' end"
    )
    path = fitted_file(sales, *FIT, "--order", "order_id", "--attributes", "country")
    calm = run("drift", path, "--by", "COUNTRY")
    assert calm.code == 0, calm.err
    words = " ".join(calm.out.split())
    assert "DE 300 75.0 % 300 75.0 % 0.000" in words
    assert "All others 2 0.5 % 2 0.5 %" in words
    assert "index of country is 0.000, not above 0.2: the customers are mixed as at" in words
    assert words.endswith("No refit needed.")
    sql(path, "update sales set country = 'AT' where customer_id < 200")
    other = run("drift", path, "--by", "country")
    assert other.code == 0, "the rules do not look at attributes"
    assert "the customers come from elsewhere than at the fit" in " ".join(other.out.split())
    answer = json.loads(run("drift", path, "--by", "country", "--format", "json").out)["rows"]
    kept = sql(path, "from segments.attribute_drift where attribute = 'country'")
    assert [tuple(row.values()) for row in answer] == kept
    sql(path, "update sales set amount = amount * 2")
    assert run("drift", path, "--by", "country").code == 5
    found = segmenter.open(path).drift(by="country")
    assert found.is_due
    assert [*found.table.records()[0].values()] == [*kept[0]]
    assert found.words().endswith(found.message)
    wrong = run("drift", path, "--by", "land")
    assert wrong.code == 2
    assert "--by land is not an attribute that the fit names (country)" in wrong.err


def test_drift_by_an_attribute_needs_one(run, shop_file):
    result = run("drift", shop_file, "--by", "country")
    assert result.code == 2
    assert "the fit names none. Refit with --attributes country" in " ".join(result.err.split())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("alter table sales drop column amount", "What the model was fitted to has changed since"),
        ("drop table sales", "What the model was fitted to has changed since"),
        ("delete from sales", "drift cannot be told: there is no customer with an order now"),
    ],
)
def test_drift_says_what_it_cannot_read(run, shop_file, change, message):
    sql(shop_file, change)
    result = run("drift", shop_file)
    assert result.code == 2
    assert message in result.err
    assert "Traceback" not in result.err


def test_drift_needs_customers(run, tmp_path):
    path = tmp_path / "points.duckdb"
    sql(
        path,
        "create table points as select (i * i % 997)::double as monetary, 1 + i % 5 as frequency, "
        "1 + i % 3 as customers from range(300) as t(i)",
    )
    assert run("fit", path, "--points", "points", "--quiet").code == 0
    result = run("drift", path)
    assert result.code == 2
    assert "fitted to anonymous points, so there are no customers to watch" in result.err
    assert run("quality", path, "--quiet").code == 0
