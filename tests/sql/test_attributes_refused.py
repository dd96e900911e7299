"""What cannot be an attribute is refused, and what has several values is told."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from segmenter import InputError, Source, fit
from segmenter.operations.fit import fit_into
from segmenter.progress import Silent
from segmenter.settings import SafetyNet
from segmenter.sources.attributes import bind_attributes
from segmenter.workplace.place import OwnConnection
from tests.combinations import first_in_gate
from tests.sql.test_attributes import SALES, make_sales, sales_rows


@pytest.fixture
def shop(con):
    make_sales(con, sales_rows(0))
    return con


@first_in_gate(
    ("attributes", "message"),
    [
        (["nope"], r"attribute 'nope' is not a column of sales \(customer, .*no expression"),
        (["lower(country)"], r"'lower\(country\)' is not a column .* Did you mean 'country'\?"),
        (["country", "COUNTRY"], "attributes has 'COUNTRY' twice"),
        (["amount"], "'amount' is called like a column of our own views.*'own_amount'"),
        (["tags"], r"'tags' of sales is VARCHAR\[\], which dashboards do not show.*as varchar"),
        (["pair_of"], r"'pair_of' of sales is STRUCT\(a INTEGER\)"),
        (["country", " "], "has one without a name"),
        ([], "has one without a name"),
        (3, "attributes must be a list of columns"),
    ],
    first=4,
)
def test_bad_attributes_are_refused(shop, attributes, message):
    shop.execute("alter table sales add column tags varchar[]")
    shop.execute("alter table sales add column pair_of struct(a integer)")
    with pytest.raises(InputError, match=message):
        fit(shop, replace(SALES, attributes=attributes))


def test_other_engines_keep_their_customers(shop):
    elsewhere = SimpleNamespace(dialect="postgres", name="PostgreSQL")
    with pytest.raises(InputError, match=r"with PostgreSQL these stay over there\. Leave"):
        bind_attributes(elsewhere, None, ["country"])


def test_points_have_none():
    with pytest.raises(InputError, match="anonymous, so that no attributes"):
        Source(points="points.csv", attributes=["country"])


@first_in_gate(
    ("name", "kind"),
    [
        ("segment", "varchar"),
        ("today", "varchar"),
        ("is_known", "boolean"),
        ("summed", "integer"),
        ("attribute", "varchar"),
        ("customer_segments", "varchar"),
        ("next_action", "varchar"),
        ("median_order", "double"),
    ],
    first=3,
)
def test_names_of_our_own_are_refused(shop, name, kind):
    shop.execute(f"alter table sales add column {name} {kind}")
    with pytest.raises(InputError, match=f"'{name}' is called like a column of our own"):
        fit(shop, replace(SALES, attributes=[name]))
    shop.execute(f"create view renamed as select *, {name} as own_{name} from sales")
    fit(shop, replace(SALES, transactions="renamed", attributes=[f"own_{name}"]))


def test_customers_with_several_values_are_counted_out_loud(shop):
    result = fit_into(OwnConnection(shop), None, SALES, None, SafetyNet(), Silent())
    told = {note.message for note in result.notes if note.code == "several_values"}
    rows = sales_rows(0)
    (countries, channels) = (
        sum(
            len({row[column] for row in rows if row[0] == customer} - {None}) > 1
            for customer in range(60)
        )
        for column in (4, 5)
    )
    assert told == {
        f"{countries} customers have several values of country: the latest stands with them.",
        f"{channels} customers have several values of sales channel: the latest stands with them.",
    }
    shop.execute("update sales set country = 'DE', \"sales channel\" = 'web'")
    again = fit_into(OwnConnection(shop), None, SALES, None, SafetyNet(publish=True), Silent())
    assert not [note for note in again.notes if note.code == "several_values"]
