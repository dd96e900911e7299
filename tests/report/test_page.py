"""What the page says and does not say, read as text."""

from __future__ import annotations

import json
import re

import altair as alt

import segmenter
from segmenter import Settings, Source
from segmenter.report.theme import PALETTES
from tests.report.bases import READ


def data_of(html):
    return json.loads(html.split('id="report-data">')[1].split("</script>")[0])


def words_of(html):
    """Return all that is about the base: the page without its scripts' code and its style."""
    *_, library, script = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    style = html[html.index("<style>") : html.index("</style>")]
    for part in (library, script, style):
        html = html.replace(part, "")
    return html


def test_charts_are_what_the_library_understands(small):
    charts = data_of(small.html)["charts"]
    expected = {"customers-and-revenue", "map", "lifecycle", "moves", "level-1", "level-2"}
    assert expected <= set(charts)
    for spec in charts.values():
        alt.LayerChart.from_dict({**spec, "datasets": {}}, validate=True)


def test_no_customer_is_named_unless_asked_for(twelve, make):
    twelve.execute("update sales set customer_id = customer_id || '@shop.example'")
    segmenter.fit(twelve, READ, settings=Settings(n_neighbors=1))
    assert "@shop.example" not in words_of(make(twelve).html)
    named = words_of(make(twelve, with_customers=True).html)
    assert "kim@shop.example" in named or "jo@shop.example" in named
    assert "The largest whales" in named


def test_a_condition_on_rows_may_name_customers(twelve, make):
    source = Source(
        transactions="sales", customer="customer_id", amount="amount", where="customer_id <> 'lea'"
    )
    segmenter.fit(twelve, source, settings=Settings(n_neighbors=1))
    assert "lea&#39;" not in words_of(make(twelve).html)
    assert "lea&#39;" in words_of(make(twelve, with_customers=True).html)


def test_nothing_is_fetched_from_anywhere(small):
    words = words_of(small.html)
    assert not re.search(r"<(?:script|img|link|iframe)[^>]+(?:src|href)=", words)
    assert "default-src 'none'; script-src 'sha256-" in words
    assert set(re.findall(r"https?://[^/\"]+", words)) == {"https://vega.github.io"}  # a schema


def test_it_says_what_its_words_mean(reported):
    words, model = words_of(reported.html), reported.model
    assert "At-Risk means low value here" in words
    assert "of identified revenue" in words
    assert "in the table&#39;s currency" in words
    assert "as of the snapshot of" in words
    if model.rows_without_customer:
        assert f"{model.rows_without_customer:,} of {model.source_rows:,} rows" in words


def test_what_is_not_there_is_said(twelve, make):
    source = Source(transactions="sales", customer="customer_id", amount="amount")
    segmenter.fit(twelve, source, settings=Settings(n_neighbors=1))
    words = words_of(make(twelve).html)
    assert words.count("Fit with a date column to see it.") == 2
    assert "segmenter backtest DB --as-of DATE" in words
    assert "segmenter quality DB" in words


def test_texts_of_the_base_are_escaped(nasty, make):
    html = make(nasty, with_customers=True).html
    words = words_of(html)
    assert "<script>alert" not in words
    assert "<img" not in words
    assert words.count("</script>") == 3
    names = data_of(html)["names"]
    assert names[0] == "<script>alert(1)</script>"


def test_charts_name_no_colour(small):
    charts = json.dumps(data_of(small.html)["charts"])
    for palette in PALETTES.values():
        assert not any(colour in charts for colour in palette)


def test_the_page_is_small_whatever_the_base(con, make):
    con.execute(
        """
        create table sales as
        select i % 30_000 as customer_id, i as order_id, timestamp '2024-01-01' + to_hours(i // 40)
            as sold_at, (1 + hash(i, 1) % 100_000 / 100.0) * (1 + hash(i % 30_000) % 50) as amount
        from range(150_000) as t(i)
        where hash(i) % (1 + i % 30_000) < 9_000
        """
    )
    segmenter.fit(con, READ)
    html = make(con).html
    assert len(html.encode()) < 2_500_000
    assert len(data_of(html)["charts"]["map"]["datasets"]["rows_0"]) < 3_000


def test_the_table_of_segments_has_one_for_each_common_value(attributed, make):
    html = make(attributed).html
    table = html.partition('id="section-segments"')[2].partition("</section>")[0]
    assert table.count("<tbody>") == 1, "without JavaScript all customers are shown"
    assert '<p class="groups" hidden>' in table
    options = re.findall("<option>(.*?)</option>", table)
    others = "all others, or not known"
    assert options == ["all customers", "DE", others, others]
    assert table.count("<tbody hidden>") == 3
    assert "<b>AT" not in html
    assert "card-" not in html, "a value of fewer than five could name somebody"
    assert "The table can be read by country and card" in table
