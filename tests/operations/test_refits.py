"""What a fit over an existing model may change, whoever asks for it: Python, SQL or a shell."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import duckdb
import pytest

import segmenter
from segmenter import SegmenterError, Settings, Source
from segmenter.progress import Silent
from tests.combinations import first_in_gate

OTHERS = "select customer_id, order_id, amount, sold_at from sales where customer_id > 9"


def rows(con, query):
    return con.execute(query).fetchall()


def state(con):
    """Return all that the current model says, and which one it is."""
    return (
        rows(con, "from segments.customer_segments order by customer_id"),
        rows(con, "from segments.customer_segments_snapshot order by customer_id"),
        rows(con, "select classify_segment(9999, 9)"),
        rows(con, "select model_id from segments_internal.models where is_current"),
    )


class Heard(Silent):
    def __init__(self):
        self.warnings = []

    def warn(self, message, code):
        self.warnings.append(message)


def test_a_refit_from_python_that_moves_too_many_is_not_published(shop, sales):
    segmenter.fit(shop, sales)
    before = state(shop)
    with pytest.warns(UserWarning, match="model 2 is stored but not published: 100") as caught:
        model = segmenter.fit(shop, sales, Settings(levels=1))
    assert (model.model_id, model.names) == (2, ("Higher", "Lower"))
    assert state(shop) == before
    # what the sentence says to do, done
    sentence = str(caught[0].message)
    (query,) = re.findall(r"Look: (select .*?)\. Then", sentence)
    assert sum(row[2] for row in rows(shop, query)) == 60
    assert "fit again with publish = True" in sentence
    segmenter.fit(shop, sales, Settings(levels=1), publish=True)
    assert rows(shop, "select classify_segment(9999, 9)") == [("Higher",)]


def test_a_refit_from_sql_that_moves_too_many_is_not_published(shop):
    segmenter.register(shop)
    mapping = "'customer': 'customer_id', 'amount': 'amount', 'order': 'order_id'"

    def call(more=""):
        return rows(shop, f"select fit_segments('sales', {{{mapping}{more}}})")

    assert "model 1: 60 customers" in call()[0][0]
    before = state(shop)
    ((said,),) = call(", 'levels': 1")
    assert said.startswith("model 2 is stored but not published: 100.0 % of the customers")
    assert state(shop) == before
    ((said,),) = call(", 'levels': 1, 'publish': true")
    assert said.startswith("model 3: 60 customers")
    ((said,),) = call(", 'max_change': 1")
    assert said.startswith("model 4: 60 customers")
    with pytest.raises(duckdb.Error, match="max_change must be a share of the customers"):
        call(", 'max_change': 10")


@first_in_gate(
    ("other", "said"),
    [
        ({"where": "amount > 20"}, "fitted with no where, and this fit has where = 'amount > 20'"),
        ({"transactions": "others"}, "with transactions = 'sales', and this fit has transactions"),
        ({"customer": "customer_id % 30"}, "this fit has customer = 'customer_id % 30'"),
    ],
)
def test_the_model_of_another_base_is_not_taken_over(shop, sales, other, said):
    segmenter.fit(shop, sales)
    shop.execute(f"create table others as {OTHERS}")
    before = state(shop)
    with pytest.raises(SegmenterError, match=re.escape(said)) as caught:
        segmenter.fit(shop, replace(sales, **other))
    assert state(shop) == before
    assert rows(shop, "select count(*) from segments_internal.models") == [(1,)]
    assert str(caught.value).endswith("say that this is meant with replace = True.")
    segmenter.fit(shop, replace(sales, **other), publish=True, replace=True)
    assert rows(shop, "select model_id from segments_internal.models where is_current") == [(2,)]


def test_the_same_base_is_recognised_however_it_is_written(con, tmp_path, monkeypatch):
    con.execute(
        'create table "my sales" as select i % 50 as "the buyer", 1.0 * i as amount '
        "from range(500) as t(i)"
    )
    con.execute(f"copy \"my sales\" to '{tmp_path}/sales.parquet'")
    for table, customer in (
        ("my sales", "the buyer"),
        ('"my sales"', '"the buyer"'),
        ('main."MY sales"', "The Buyer"),
    ):
        segmenter.fit(con, Source(transactions=table, customer=customer, amount="amount"))
    other = duckdb.connect()
    monkeypatch.chdir(tmp_path)
    for file in ("sales.parquet", f"{tmp_path}/sales.parquet", tmp_path / "sales.parquet"):
        segmenter.fit(other, Source(transactions=file, customer="the buyer", amount="amount"))
    other.close()


def test_what_is_read_in_another_way_is_said(shop, sales):
    segmenter.fit(shop, sales)
    heard = Heard()
    segmenter.fit(shop, replace(sales, amount="amount * 2"), publish=True, progress=heard)
    assert (
        "this fit has amount = 'amount * 2'; model 1 was fitted with amount = 'amount'."
        in heard.warnings
    )
    heard = Heard()
    segmenter.fit(shop, replace(sales, amount="amount * 2"), progress=heard)
    assert not [message for message in heard.warnings if "this fit has" in message]


def test_models_show_the_condition(shop, sales):
    segmenter.fit(shop, replace(sales, where="amount > 5"))
    from segmenter.schema.files import read

    versions = shop.execute(read("queries/model_versions")).df()
    assert versions.loc[0, "condition"] == "amount > 5"
    assert json.loads(rows(shop, "select source from segments_internal.models")[0][0])["where"]


@first_in_gate("share", [-0.1, 1.5, "much", None], first=2)
def test_a_share_out_of_range_is_refused(shop, sales, share):
    with pytest.raises(SegmenterError, match="max_change must be a share of the customers from 0"):
        segmenter.fit(shop, sales, max_change=share)
