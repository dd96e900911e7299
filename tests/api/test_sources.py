"""Sources in Python: what each kind takes, and columns that are guessed."""

from __future__ import annotations

import duckdb
import pandas as pd
import pytest

import segmenter
from segmenter import InputError, Source
from tests.datasets import SHOP


@pytest.fixture
def path(tmp_path):
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as con:
        con.execute(SHOP)
    return tmp_path / "shop.duckdb"


def test_sources_take_what_makes_sense_for_them():
    assert Source.from_points("p.csv", where="monetary > 0").kind == "points"
    assert Source.from_profiles("p.csv", customer="id").kind == "profile"
    made = Source.from_transactions("sales", customer="c", amount="a", order="o")
    assert made == Source(transactions="sales", customer="c", amount="a", order="o")
    assert not hasattr(made, "engine")
    with pytest.raises(TypeError, match="amount"):
        Source.from_profiles("p.csv", amount="a")
    with pytest.raises(TypeError, match="customer"):
        Source.from_points("p.csv", customer="id")


def test_columns_are_guessed_and_fitted(path, tmp_path):
    db = segmenter.open(path)
    found = db.inspect("sales")
    assert found.is_sure
    assert found.source().date == "sold_at"
    assert found.totals.customers == 60
    assert db.fit(found.source()).is_published
    frame = pd.DataFrame({"customer_id": [1, 2, 1] * 9, "amount": [1.5, 2.0, 3.0] * 9})
    assert segmenter.inspect(frame).source().amount == "amount"
    frame.to_csv(tmp_path / "orders.csv", index=False)
    assert db.inspect(str(tmp_path / "orders.csv")).totals.revenue == 58.5
    assert "customer_id" in repr(found)


def test_what_is_not_sure_is_accepted_by_its_parameter():
    frame = pd.DataFrame({"customer": [1, 2, 1] * 9, "gross": [1.5] * 27, "net": [1.0] * 27})
    found = segmenter.inspect(frame)
    with pytest.raises(InputError, match=r"it could be .*source\(accept_unsure=True\)"):
        found.source()
    assert found.source(accept_unsure=True).customer == "customer"
    with pytest.raises(InputError, match="has no customer that is sure"):
        segmenter.inspect(frame[["net"]]).source(accept_unsure=True)


def test_old_names_answer_with_the_new_ones(shop, sales):
    model = segmenter.fit(shop, sales)
    with pytest.raises(InputError, match="model is called model_file now"):
        segmenter.fit(shop, sales, model="x.duckdb")
    with pytest.raises(InputError, match="stage is called what now"):
        segmenter.export(model, "duckdb", stage="points")
    with pytest.raises(TypeError, match="'modle'"):
        segmenter.fit(shop, sales, modle=1)
