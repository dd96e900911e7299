"""What a fit says of its result, and that its advice is followed by silence."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import replace

import duckdb
import numpy as np
import pytest

import segmenter
from segmenter import Settings, Source
from segmenter.storage.result_notes import MOST, result_notes
from segmenter.storage.store import load
from tests.kinds import dealers, real_groups

SALES = Source(transactions="sales", customer="customer", amount="amount", date="sold_at")


def notes(con, source=SALES, **settings):
    model = segmenter.fit(con, source, Settings(**settings), replace=True, publish=True)
    found = result_notes(con, model)
    assert len(found) <= MOST
    return [note.message for note in found]


def base(con, amount, orders, start="d * 30 + c % 25"):
    con.execute(
        f"create or replace table sales as select c as customer, ({amount})::double as amount, "
        f"timestamp '2023-01-01' + to_days(({start})::integer) as sold_at "
        f"from range(1000) as a(c), range(40) as b(d) where d < ({orders})"
    )


def test_subscriptions_are_one_number(con):
    base(con, "9.99", "1 + c % 12")
    assert any("subscriptions of one price" in note for note in notes(con))


def test_groups_that_stand_apart_are_no_cuts_of_one_number(con):
    base(con, "case when c < 300 then 900 + c % 7 else 10 + c % 9 end", "if(c < 300, 12, 2)")
    assert not any("one number" in note for note in notes(con, levels=1, cut=1))


def test_orders_without_spread(con):
    base(con, "1 + c * c / 1000", "1")
    assert notes(con)[0] == (
        "everybody but the whales has 1 order, so that money alone makes the segments."
    )


def test_one_order_and_a_large_top(con):
    base(con, "case when c < 450 then 900 + c % 7 else 10 + c % 9 end", "1")
    found = notes(con, levels=1, cut=1)
    assert any(note.startswith("Higher holds 45 % of the customers") for note in found)
    assert any("of Higher ordered only once" in note for note in found)


def test_the_advice_of_a_window_is_followed_by_silence(con):
    base(
        con,
        "10 + c % 13",
        "case when c < 500 then 12 + c % 24 else 2 end",
        "case when c < 500 then d * 30 else 1000 + d * 20 end + c % 25",
    )
    settings = {"active_days": 80, "lapsed_days": 200}
    advice = "give window = '12 months'."
    assert any(advice in note for note in notes(con, **settings))
    later = notes(con, replace(SALES, window="12 months"), **settings)
    assert not any(advice in note for note in later)


def test_thresholds_from_less_than_a_year(con):
    base(con, "10 + c * d % 13", "1 + c % 6", "d * 20 + c % 25")
    advice = "Set active_days and lapsed_days"
    assert any(advice in note for note in notes(con))
    assert not any(advice in note for note in notes(con, active_days=40, lapsed_days=90))


def test_the_lowest_may_be_active(con):
    base(con, "10 + c * d % 13", "6", "d * 60 + c % 25")
    assert any("of At-Risk are new or active" in note for note in notes(con))


def test_each_note_has_a_code_that_stays(con):
    base(con, "9.99", "1 + c % 12")
    found = segmenter.open(con).fit(SALES)
    assert "one_number" in [note.code for note in found.notes]
    assert all(note.message.endswith(".") for note in found.notes)
    base(con, "1 + c * c / 1000", "1")
    found = segmenter.open(con).fit(SALES, publish=True)
    assert found.notes[0].code == "orders_without_spread"


def test_points_are_told_what_they_tell_and_nothing_of_time(con):
    for amount, orders, code, settings in (
        ("9.99", "1 + c % 12", "one_number", {}),
        ("1 + c * c / 1000", "1", "orders_without_spread", {}),
        (
            "case when c < 450 then 900 + c % 7 else 10 + c % 9 end",
            "1 + c % 2",
            "top_segment_large",
            {"levels": 1},
        ),
    ):
        base(con, amount, orders)
        con.execute(
            "create or replace table points as select round(sum(amount), 2) as monetary, "
            "count(*) as frequency from sales group by customer"
        )
        con.execute("create or replace table points as select *, 1 as customers from points")
        with duckdb.connect() as other:
            other.register("given", con.sql("from points").to_arrow_table())
            other.execute("create table points as from given")
            found = segmenter.open(other).fit(Source(points="points"), Settings(**settings))
        assert code in [note.code for note in found.notes], code
        of_time = {"lowest_segment_active", "newcomers_in_lowest", "short_history"}
        assert not of_time & {note.code for note in found.notes}


def test_a_handful_is_told_nothing(con):
    base(con, "9.99", "1 + c % 12")
    con.execute("delete from sales where customer >= 60")
    assert notes(con) == []


def test_versions_that_differ_in_names_only_are_the_same(con):
    base(con, "10 + c * d % 13 + c", "1 + c % 9")
    notes(con)
    notes(con, names=("Gold", "Silver", "Bronze"))
    compared = segmenter.open(con).compare(1, 2)
    assert compared.same_name == compared.customers == 1000
    assert len(compared.rules) == 0


def test_a_small_base_whose_segments_do_not_hold_still_is_told_how_far(con):
    """Money and orders have nothing to do with each other, so that the lines may turn."""
    people(con, dealers)
    heard = Steps()
    segmenter.fit(con, Source(profile="people"), progress=heard)
    found = re.fullmatch(
        r"10 fits without 10 % of them agree to (0\.\d\d), the worst to (0\.\d\d) \(1 is the same "
        r"segments\)",
        heard.done["Leaving customers out"],
    )
    assert float(found[2]) <= float(found[1]) < 1
    assert float(found[2]) < 0.7
    (loosely,) = (message for message, code in heard.warned if code == "unsteady")
    assert loosely == f"{found[0]}: hold the boundaries loosely."


def test_one_that_holds_still_is_told_too_and_a_large_or_tiny_one_is_not_tried(con):
    people(con, real_groups)
    heard = Steps()
    segmenter.fit(con, Source(profile="people"), progress=heard)
    assert heard.done["Leaving customers out"].endswith("(1 is the same segments)")
    con.execute("delete from people where customer_id > 60")
    heard = Steps()
    segmenter.fit(con, Source(profile="people"), progress=heard, publish=True)
    assert "Leaving customers out" not in heard.done
    (tiny,) = (message for message, code in heard.warned if code == "few_training_customers")
    assert tiny.endswith("that one more or less can move the boundaries: hold them loosely.")


def people(con, kind):
    money, orders = kind(np.random.default_rng(1), 400)
    con.execute(
        "create table people as select i as customer_id, monetary, frequency from "
        "(select unnest($1::double[]) as monetary, unnest($2::bigint[]) as frequency, "
        "generate_subscripts($1::double[], 1) as i)",
        [money.tolist(), orders.astype(int).tolist()],
    )


class Steps:
    """A listener that keeps what came of each step."""

    def __init__(self):
        self.done = {}
        self.warned = []

    @contextmanager
    def step(self, title):
        yield lambda result: self.done.update({title: result})

    def warn(self, message, code):
        self.warned.append((message, code))


def test_what_a_publication_noted_is_in_sql_too(con):
    base(con, "case when c < 450 then 900 + c % 7 else 10 + c % 9 end", "1")
    result = segmenter.fit(con, SALES, Settings(levels=1, cut=1))
    rows = con.execute(
        "select unnest(cast(notes as struct(code varchar, message varchar)[]), recursive := true) "
        "from segments.current_model"
    ).fetchall()
    assert ("top_segment_large", result.notes[0].message) in rows
    assert rows == [tuple(note) for note in result.notes]
    assert load(con).notes == result.notes


def test_each_publication_notes_anew_and_what_is_not_published_notes_nothing(con):
    base(con, "case when c < 450 then 900 + c % 7 else 10 + c % 9 end", "1")
    segmenter.fit(con, SALES, Settings(levels=1, cut=1))
    base(con, "case when c < 50 then 900 + c % 7 else 10 + c % 9 end", "1 + c % 2")
    with pytest.warns(UserWarning, match="stored but not published"):
        other = segmenter.fit(con, SALES, Settings(levels=2))
    assert load(con, other.model_id).notes == ()
    assert "top_segment_large" in [note.code for note in load(con, 1).notes]
    db = segmenter.open(con)
    db.rollback(other.model_id)
    db.rollback(1)
    assert "top_segment_large" not in [note.code for note in load(con, 1).notes]
