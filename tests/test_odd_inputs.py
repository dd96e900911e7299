"""What a session in Python may meet: other connections, lakes, damaged models, odd names."""

from __future__ import annotations

import pytest

import segmenter
from segmenter import SegmenterError, Source
from segmenter.formatting import counted, day, ended, visible, within_years
from segmenter.operations.models import models
from segmenter.storage import publish
from tests.combinations import each_once, first_in_gate
from tests.datasets import SHOP


class DuckDBCursorWrapper:
    """As dbt has it: it runs statements and is no connection of DuckDB."""

    def __init__(self, con):
        self._con = con

    def __getattr__(self, name):
        return getattr(self._con, name)


@pytest.mark.parametrize("name", ["fit", "load", "register"])
def test_a_wrapped_connection_is_told_from_one_and_the_way_out_works(shop, sales, name):
    if name == "load":
        segmenter.fit(shop, sales)
    wrapper = DuckDBCursorWrapper(shop)
    call = {
        "fit": lambda con: segmenter.fit(con, sales),
        "load": segmenter.load,
        "register": segmenter.register,
    }[name]
    with pytest.raises(SegmenterError, match="not on a DuckDBCursorWrapper") as caught:
        call(wrapper)
    assert str(caught.value).endswith("It holds one: give con.cursor() instead.")
    with wrapper.cursor() as inner:
        call(inner)


@pytest.mark.parametrize("given", ["shop.duckdb", 3, None])
@pytest.mark.parametrize("name", ["load", "register"])
def test_what_is_no_connection_is_a_sentence(name, given):
    with pytest.raises(SegmenterError, match=f"{name} works on a connection of DuckDB, not on a"):
        getattr(segmenter, name)(given)


def test_a_database_of_another_kind_in_use_is_a_sentence(shop, sales, monkeypatch):
    """Only DuckDB has txid_current(): asking another for it breaks the connection."""
    monkeypatch.setattr(publish, "current_database", lambda con: ("crm", "sqlite"))
    monkeypatch.setattr(publish, "in_transaction", None)
    with pytest.raises(SegmenterError, match="uses 'crm', which is kept in sqlite"):
        segmenter.fit(shop, sales)


def test_duckdb_s_own_databases_are_known_as_such(shop, tmp_path):
    assert publish.current_database(shop) == ("memory", "duckdb")
    shop.execute(f'attach \'{tmp_path}/a.duckdb\' as "[x]"; use "[x]"')
    assert publish.current_database(shop) == ("[x]", "duckdb")


@pytest.mark.parametrize(
    ("column", "text"),
    each_once(["source", "settings", "warnings"], ["3", '"[red]"', '{"no_such": 1}', '"x"']),
)
def test_a_damaged_model_is_a_sentence(shop, sales, column, text):
    segmenter.fit(shop, sales)
    shop.execute(f"update segments_internal.models set {column} = $1", [text])
    with pytest.raises(SegmenterError, match=f"the model is damaged: its {column} in"):
        segmenter.load(shop)


def test_versions_that_cannot_be_listed_are_a_sentence(shop, sales):
    segmenter.fit(shop, sales)
    shop.execute(
        "create or replace table segments_internal.models as "
        "select * replace ('not [red] json' as source) from segments_internal.models"
    )
    with pytest.raises(SegmenterError, match="the model is damaged: a source or settings in"):
        models(shop)


def test_segments_that_are_gone_are_a_sentence(shop, sales):
    segmenter.fit(shop, sales)
    shop.execute("delete from segments_internal.model_segments")
    with pytest.raises(SegmenterError, match="the model is damaged"):
        segmenter.load(shop)


@first_in_gate(
    "name", ["x" * 300, "x/" * 3000, "a\0b", "a\0b.csv", "\udcff.csv", "y" * 300 + ".csv"], first=4
)
@first_in_gate("option", ["transactions", "exclude"])
def test_names_that_no_file_has_are_sentences(shop, option, name):
    source = {"transactions": "sales", "customer": "customer_id", "amount": "amount", option: name}
    with pytest.raises(SegmenterError):
        segmenter.fit(shop, Source(**source))


def test_an_expression_without_end_is_a_sentence(shop):
    amount = "(" * 3000 + "amount" + ")" * 3000
    with pytest.raises(SegmenterError, match="nested too deep, or too long"):
        segmenter.fit(shop, Source(transactions="sales", customer="customer_id", amount=amount))
    amount = "amount" + " + 1" * 5000
    with pytest.raises(SegmenterError):  # what stops this one first is DuckDB
        segmenter.fit(shop, Source(transactions="sales", customer="customer_id", amount=amount))


def test_a_semicolon_in_a_name(con):
    con.execute(SHOP)
    con.execute('alter table sales rename to "sales; drop table x"')
    source = Source(transactions="sales; drop table x", customer="customer_id", amount="amount")
    model = segmenter.fit(con, source)
    assert model.source["transactions"] == "sales; drop table x"
    assert con.execute("select sum(customers) from segments.segment_summary").fetchone() == (60,)


def test_words_of_sentences():
    assert [counted(n, "row") for n in (0, 1, 2)] == ["0 rows", "1 row", "2 rows"]
    assert counted(1234, "entry", "entries") == "1,234 entries"
    for given, told in {
        "a file!": "a file!",
        "failed. ": "failed.",
        "failed..": "failed.",
        "what?": "what?",
        "the extension 'x':": "the extension 'x'.",
    }.items():
        assert ended(given) == told
    assert day(within_years("0977-01-01 (BC) 00:00:00")) == "before the year 1"
    assert day(within_years("200024-01-01 00:00:00")) == "after the year 9999"
    assert visible("é✓[/]:smile:") == "é✓[/]:smile:"
    assert visible("\x00\x1b\x7f\x9b\u202e\u2066\u2028\udcff\n\t") == (
        r"\x00\x1b\x7f\x9b\u202e\u2066\u2028\udcff\n\t"
    )
