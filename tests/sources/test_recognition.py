"""Number and date formats: what is recognised of a column, and what a format reads."""

from __future__ import annotations

import datetime as dt

import duckdb
import pytest
from sqlglot import exp

from segmenter import SegmenterError
from segmenter.engines.duckdb import Embedded
from segmenter.sources.date_format import checked_date_format, date_reading
from segmenter.sources.number_format import EXAMPLES, NumberFormat
from segmenter.sources.recognition import listed, recognised_date, recognised_number


@pytest.fixture(scope="module")
def engine():
    with duckdb.connect() as con:
        yield Embedded(con)


def read(engine, reading, text):
    query = exp.select(reading(exp.column("value"))).from_(listed([text]).subquery("texts"))
    return engine.local.execute(query.sql(dialect="duckdb")).fetchone()[0]


READ = [
    ("1,234.56 GBP", "£1,234.50", 1234.5),
    ("1,234.56 GBP", "-£5", -5),
    ("1,234.56 GBP", "£-5", -5),
    ("1,234.56 GBP", "(£5.10)", -5.1),
    ("1,234.56 GBP", "5.00-", -5),
    ("1,234.56 GBP", "gbp 5", 5),
    ("1,234.56", ".5", 0.5),
    ("1,234.56", "12,345,678.90", 12345678.9),
    ("1,234.56", "1234.5", 1234.5),
    ("1.234,56 €", "1.234,50 €", 1234.5),
    ("1.234,56", "1.234", 1234),
    ("1'234.56", "1'234.50", 1234.5),
    ("1'234.56", "1’234’567", 1234567),
    ("1'234.56 CHF", "Fr. 5.50", 5.5),
    ("1 234,56", "1\u00a0234,5", 1234.5),
    ("1 234,56", "1\u202f234\u2009567", 1234567),
    ("12,34,567.89 INR", "₹ 12,34,567.89", 1234567.89),
    ("12,34,567.89 INR", "Rs.500", 500),
    ("1234,56", "\u22125,1", -5.1),
    ("1'234.56 CHF", "Fr. 1'234.-", 1234),
    ("1'234.56 CHF", "Fr.-5.50", -5.5),
    ("1234.56", "-44.\u2014", -44),
    ("1.234,56 EUR", "1.234,-- \u20ac", 1234),
    ("1.234,56 EUR", "5,00- \u20ac", -5),
    ("1,234.56 JPY", "1,234円", 1234),
]
NO_NUMBERS = [
    ("1,234.56", "1,23"),
    ("1,234.56", "1.234,50"),
    ("1,234.56", "12,34,567"),
    ("1,234.56", "5k"),
    ("1,234.56", "5 CR"),
    ("1,234.56", "$5"),
    ("1,234.56 GBP", "$5"),
    ("1,234.56", "(5"),
    ("1,234.56", "--5"),
    ("1,234.56", "-(5)"),
    ("1,234.56", "1e5"),
    ("1.234,56", "1,234.50"),
    ("1234.56", "1,234"),
    ("1234,56", "1.5"),
    ("1 234,56", "1 23"),
    ("1,234.56", "5 6"),
    ("1,234.56", "5%"),
    ("1,234.56", ""),
]


@pytest.mark.parametrize(("form", "text", "number"), READ)
def test_a_format_reads(engine, form, text, number):
    assert read(engine, NumberFormat.parse(form).reading, text) == pytest.approx(number, abs=1e-9)


@pytest.mark.parametrize(("form", "text"), NO_NUMBERS)
def test_what_has_another_form_is_null(engine, form, text):
    assert read(engine, NumberFormat.parse(form).reading, text) is None


@pytest.mark.parametrize("form", [*EXAMPLES, "1'234,56", "1 234.56", "$1,234.56", "1.234,56 kr"])
def test_a_format_has_one_spelling(form):
    parsed = NumberFormat.parse(form)
    assert NumberFormat.parse(parsed.text) == parsed


@pytest.mark.parametrize("form", ["", "1,234", "de", "1,234,56", "1.234.56", "9,999.99", 5, "x 5"])
def test_what_is_no_format_is_refused_with_those_that_are(form):
    with pytest.raises(SegmenterError, match=r"Give one of '1234.56', '1234,56'"):
        NumberFormat.parse(form)


@pytest.mark.parametrize(
    ("texts", "formats"),
    [
        (["£1,234.50", "£5.00"], ("1,234.56 GBP",)),
        (["1.234,50 €", "5,00", "EUR 7"], ("1.234,56 EUR",)),
        (["1'234.50"], ("1'234.56",)),
        (["(5.00)", "5.00-", "6.10"], ("1234.56",)),
        (["USD 5", "USD 6.5"], ("1234.56 USD",)),
        (["12,34,567.89"], ("12,34,567.89",)),
        (["1\u202f234,50", "n/a", "", None], ("1 234,56",)),
        (["1,234", "2,345"], ("1,234.56", "1234,56")),
        (["1.234", "2.345"], ("1234.56", "1.234,56")),
        (["1,234", "2,345", "0,5"], ("1234,56",)),
        (["1,234", "2,345", "1,234,567"], ("1,234.56",)),
        (["44.-", "7.50"], ("1234.56",)),
        (["5,-", "1.234,\u2014"], ("1.234,56",)),
        (["Rs. 5", "Rs.1,234.50"], ("1,234.56 INR",)),
        (["1,5 руб.", "2 руб."], ("1234,56 RUB",)),
    ],
)
def test_a_number_format_is_recognised(engine, texts, formats):
    found = recognised_number(engine, listed(texts))
    assert found.formats == formats
    assert found.fitting == found.rows


@pytest.mark.parametrize(
    "texts", [["5 EUR", "6 USD"], ["$5", "£5"], ["1.234,5", "1,234.5"], ["abc"], [None], []]
)
def test_what_has_no_common_form_is_not_recognised(engine, texts):
    assert recognised_number(engine, listed(texts)) is None


def test_rows_that_do_not_fit_are_counted(engine):
    found = recognised_number(engine, listed(["1,234.5", "7.25", "12 pieces", "", "N/A", None]))
    assert (found.rows, found.fitting, found.odd) == (3, 2, "12 pieces")


NOON = dt.datetime(2024, 1, 31, 12)
DAY = dt.datetime(2024, 1, 31)
DATES = [
    ("2024-01-31", "iso", DAY),
    ("2024-01-31T12:00:00Z", "iso", NOON),
    ("2024-01-31 14:00:00+02:00", "iso", NOON),
    ("2024-01-31 12:00:00.5", "iso", NOON + dt.timedelta(seconds=0.5)),
    ("2024/01/31", "iso", DAY),
    ("31/01/2024", "%d/%m/%Y", DAY),
    ("01/31/2024", "%m/%d/%Y", DAY),
    ("31.01.2024", "%d.%m.%Y", DAY),
    ("31.1.2024 12:00", "%d.%m.%Y %H:%M", NOON),
    ("31-01-2024", "%d-%m-%Y", DAY),
    ("31-Jan-2024", "%d-%b-%Y", DAY),
    ("31 January 2024", "%d %B %Y", DAY),
    ("Jan 31, 2024", "%b %d, %Y", DAY),
    ("1/31/2024 12:00 PM", "%m/%d/%Y %I:%M %p", NOON),
    ("1/31/2024 12:00PM", "%m/%d/%Y %I:%M%p", NOON),
    ("1/31/2024, 12:00:00\u202fPM", "%m/%d/%Y, %I:%M:%S\u202f%p", NOON),
    ("20240131T120000", "%Y%m%dT%H%M%S", NOON),
    ("31-January-2024", "%d-%B-%Y", DAY),
    ("31/01/2024 14:00 +0200", "%d/%m/%Y %H:%M %z", NOON),
    ("31/01/2024 13:00:00 CET", "%d/%m/%Y %H:%M:%S %Z", NOON),
    ("Wed, 31 Jan 2024 14:00:00 +0200", "%a, %d %b %Y %H:%M:%S %z", NOON),
    ("Wednesday, 31 January 2024", "%A, %d %B %Y", DAY),
    ("2024年1月31日", "%Y年%m月%d日", DAY),
    ("20240131", "%Y%m%d", DAY),
    ("20240131120000", "%Y%m%d%H%M%S", NOON),
    ("1706702400", "epoch", NOON),
    ("1706702400000", "epoch_ms", NOON),
    ("1706702400000000", "epoch_us", NOON),
]


@pytest.mark.parametrize(("text", "form", "moment"), DATES, ids=[text for text, *_ in DATES])
def test_a_date_format_is_recognised_and_reads(engine, text, form, moment):
    found = recognised_date(engine, listed([text, None, "N/A"]))
    assert (found.formats, found.rows, found.fitting) == ((form,), 1, 1)
    assert read(engine, lambda column: date_reading(column, form), text) == moment


@pytest.mark.parametrize(
    ("texts", "formats"),
    [
        (["01/02/2024", "12/11/2024"], ("%d/%m/%Y", "%m/%d/%Y")),
        (["01.02.24"], ("%d.%m.%y", "%m.%d.%y", "%y.%m.%d")),
        (["31.01.24"], ("%d.%m.%y", "%y.%m.%d")),
        (["01/02/2024 3:04 PM"], ("%d/%m/%Y %I:%M %p", "%m/%d/%Y %I:%M %p")),
    ],
)
def test_where_nothing_tells_all_formats_are_named(engine, texts, formats):
    found = recognised_date(engine, listed(texts))
    assert set(found.formats) == set(formats)
    assert not found.is_sure


@pytest.mark.parametrize("texts", [["no date"], ["12 pieces"], [], ["17"]])
def test_what_is_no_date_is_not_recognised(engine, texts):
    assert recognised_date(engine, listed(texts)) is None


@pytest.mark.parametrize("form", ["%d/%m/%Y", "iso"])
def test_a_year_of_two_digits_is_no_early_one(engine, form):
    text = "31/01/24" if form != "iso" else "24-01-31"
    assert read(engine, lambda column: date_reading(column, form), text) is None


@pytest.mark.parametrize("form", ["", "dd/mm/yyyy", "%d", "%Y", "%Q %Y %m", 5, "%H:%M"])
def test_what_is_no_date_format_is_refused(form):
    with pytest.raises(SegmenterError, match="date_format must be a format of DuckDB's strptime"):
        checked_date_format(form)
