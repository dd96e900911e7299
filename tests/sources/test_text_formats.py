"""`number_format` and `date_format`: what a fit reads with them, keeps of them, and says."""

from __future__ import annotations

import duckdb
import pytest

import segmenter
from segmenter import SegmenterError, Settings, Source
from tests.advice import Heard, followed, look, said
from tests.combinations import first_in_gate

COLUMNS = {"customer": "customer_id", "order": "order_id"}
FORMATS = {"amount": "amount", "number_format": "1,234.56"}
DAYS = {"date": "day", "date_format": "%d/%m/%Y"}
TOTAL = sum(900 + 1.25 * i for i in range(240))


@pytest.fixture
def sales(con):
    """Amounts such as £1,105.60 and days such as 31/12/2023, all of them texts."""
    con.execute(
        "create table sales as select i as order_id, 'C' || i % 60 as customer_id, "
        "'£' || format('{:,.2f}', 900 + 1.25 * i) as amount, i % 3 + 1 as quantity, "
        "strftime(date '2023-01-01' + i::int, '%d/%m/%Y') as day, "
        "case when i % 2 = 0 then 'sale' else 'gift' end as kind from range(240) as r(i)"
    )
    return {"transactions": "sales", **COLUMNS}


def fit(con, **source):
    return segmenter.fit(con, Source(**source), Settings(n_neighbors=1), publish=True, replace=True)


def money(con):
    query = "select round(sum(monetary), 2) from segments.customer_profile"
    return con.execute(query).fetchone()[0]


def test_the_views_read_texts_live(con, sales):
    model = fit(con, **sales, **FORMATS, **DAYS)
    assert money(con) == TOTAL
    assert model.source["number_format"] == "1,234.56 GBP"
    assert model.source["date_format"] == "%d/%m/%Y"
    con.execute(
        "insert into sales values (900, 'C1', '(£1.50)', 1, '01/02/2023', ''), "
        "(901, 'C1', '$7', 1, '2023', ''), (902, 'C1', 'N/A', 1, 'n/a', '')"
    )
    assert money(con) == TOTAL - 1.5
    query = "select found, example from segments.data_quality where check_name = 'lost_rows'"
    assert con.execute(query).fetchone() == (1, "amount '$7'")


def test_a_model_reads_as_it_was_fitted(con, sales):
    fit(con, **sales, **FORMATS, **DAYS)
    stored = Source.from_dict(segmenter.load(con).source)
    assert stored.number_format == "1,234.56 GBP"
    assert look(con, **{**sales, **FORMATS, **DAYS, "number_format": stored.number_format}).money
    script = segmenter.export(segmenter.load(con), "duckdb")
    before = money(con)
    con.execute("drop schema segments cascade")
    con.execute(script)
    assert money(con) == before


@pytest.mark.parametrize("dialect", ["bigquery", "snowflake", "trino"])
def test_a_dialect_with_other_patterns_is_refused(con, sales, dialect):
    model = fit(con, **sales, **FORMATS)
    with pytest.raises(SegmenterError, match=r"number_format = .* is not understood by"):
        segmenter.export(model, dialect, table="lake.shop.sales")


@pytest.mark.parametrize(
    ("dialect", "read"),
    [
        ("postgres", "SUBSTRING(user_table.amount FROM '"),
        ("spark", "REGEXP_EXTRACT(user_table.amount, '"),
    ],
)
def test_a_dialect_with_the_same_patterns_has_them(con, sales, dialect, read):
    points = segmenter.export(fit(con, **sales, **FORMATS), dialect, what="points")
    assert read in " ".join(points.split()).replace("( ", "(")


def test_texts_within_an_expression_are_read(con, sales):
    amount = "case when kind = 'gift' then 0 else amount * quantity end"
    seen = look(con, **sales, amount=amount, number_format="1,234.56")
    expected = sum((900 + 1.25 * i) * (i % 3 + 1) for i in range(0, 240, 2))
    assert seen.money == expected
    model = fit(con, **sales, amount=amount, number_format="1,234.56")
    assert model.source["texts"] == {"amount": ["amount"]}
    con.execute("drop schema segments cascade")
    con.execute(segmenter.export(model, "duckdb"))
    assert money(con) == expected


@first_in_gate(
    ("where", "rows"),
    [
        ("amount >= 1000", range(80, 240)),
        ("day >= '2023-03-02'", range(60, 240)),
        ("day between date '2023-03-02' and date '2023-03-03'", range(60, 62)),
        ("amount <> '£900.00'", range(1, 240)),
        ("day like '%/01/2023'", range(31)),
        ("amount in (900, 901.25)", range(2)),
    ],
    first=3,
)
def test_a_condition_compares_numbers_and_dates(con, sales, where, rows):
    seen = look(con, **sales, **FORMATS, **DAYS, where=where)
    assert seen.money == sum(900 + 1.25 * i for i in rows)
    assert not [words for words in seen.warnings if "lost" in words]


def test_a_csv_file_is_read_as_text_where_a_format_is_given(con, tmp_path):
    path = tmp_path / "sales.csv"
    rows = [
        f"C{i % 60},{i},{i % 9 + 1}.{i * 7 % 1000:03},13.{i % 12 + 1:02}.23" for i in range(240)
    ]
    path.write_text("\n".join(["customer_id,order_id,amount,day", *rows]) + "\n")
    source = {"transactions": str(path), **COLUMNS, "amount": "amount", "date": "day"}
    thousands = sum((i % 9 + 1) * 1000 + i * 7 % 1000 for i in range(240))
    asked = {"number_format": "1.234,56", "date_format": "%d.%m.%y"}
    seen = look(con, **source, **asked)
    assert seen.money == thousands
    assert str(seen.last_order_at) == "2023-12-13 00:00:00"
    fit(con, **source, **asked)
    assert money(con) == thousands


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({**FORMATS, "number_format": "1.234,56"}, "has another form than number_format"),
        ({**FORMATS, **DAYS, "date_format": "%m/%d/%Y"}, "has another form than date_format"),
    ],
)
def test_another_format_is_refused_with_the_right_one(con, sales, asked, message):
    refused = said(con, **sales, **asked)
    assert message in refused
    assert look(con, **followed(refused, **sales, **asked)).money == TOTAL


def test_a_format_without_a_text_is_refused(con, sales):
    con.execute(
        "create view typed as select * replace (2.5 as amount, date '2023-01-01' as day) from sales"
    )
    source = sales | {"transactions": "typed"}
    for asked, name in ((FORMATS, "number_format"), (DAYS | {"amount": "amount"}, "date_format")):
        assert f"nothing to read. Leave {name} out." in said(con, **source, **asked)
    with pytest.raises(SegmenterError, match="date_format needs the date column"):
        Source(transactions="t", customer="c", amount="a", date_format="iso")
    with pytest.raises(SegmenterError, match="belongs to transactions"):
        Source(profile="t", number_format="1,234.56")


def test_times_with_zones_count_in_utc(con):
    con.execute("set timezone = 'America/New_York'")
    con.execute(
        "create table sales as select i as order_id, i % 9 as customer_id, 5 as amount, "
        "'2024-01-' || (i % 28 + 1) || ' 23:30:00-05:00' as day from range(60) as r(i)"
    )
    source = {"transactions": "sales", **COLUMNS, "amount": "amount", "date": "day"}
    better = followed(said(con, **source), **source)
    assert better["date_format"] == "iso"
    assert str(look(con, **better).last_order_at) == "2024-01-29 04:30:00"


@pytest.mark.parametrize(
    "asked",
    [
        {"date": "day", "date_format": "%d/%m/%Y"},
        {"date": "strptime(day, '%d/%m/%Y')"},
        {"date": "try_strptime(day, '%d/%m/%Y')"},
    ],
)
def test_days_up_to_the_twelfth_may_be_months(con, asked):
    con.execute(
        "create table sales as select i as order_id, i % 9 as customer_id, 5 as amount, "
        "format('{:02d}/{:02d}/2024', i % 12 + 1, i % 5 + 1) as day from range(60) as r(i)"
    )
    source = {"transactions": "sales", **COLUMNS, "amount": "amount", **asked}
    seen = look(con, **source)
    (words,) = [words for words in seen.warnings if "nothing tells days from months" in words]
    other = look(con, **followed(words, **source))
    assert (seen.last_order_at.month, other.last_order_at.month) == (5, 12)
    con.execute("insert into sales values (99, 1, 5, '13/01/2024')")
    assert not [words for words in look(con, **source).warnings if "days from months" in words]


def test_a_refit_says_that_it_reads_in_another_way(con, sales):
    fit(con, **sales, **FORMATS, **DAYS)
    heard = Heard()
    source = Source(**sales, **FORMATS, **DAYS | {"date_format": "%-d/%m/%Y"})
    segmenter.fit(con, source, Settings(n_neighbors=1), progress=heard)
    assert any("date_format" in words for words in heard.warnings)


def test_the_command_line_has_both_options(tmp_path):
    from typer.testing import CliRunner

    from segmenter.cli.app import app

    path = tmp_path / "sales.csv"
    rows = [f"C{i % 60};{i};{i % 9},{i % 100:02} €;13.{i % 12 + 1:02}.2023" for i in range(240)]
    path.write_text("\n".join(["customer_id;order_id;amount;day", *rows]) + "\n")
    args = ["fit", str(tmp_path / "x.duckdb"), "--transactions", str(path), "--amount", "amount"]
    args += ["--customer", "customer_id", "--date-format", "%d.%m.%Y", "--date", "day"]
    args += ["--number-format", "1.234,56"]
    shown = CliRunner().invoke(app, [*args, "--dry-run"]).output
    assert "amount, written as 1.234,56 EUR" in shown
    assert "day, written as %d.%m.%Y" in shown
    result = CliRunner().invoke(app, [*args, "--quiet"])
    assert result.exit_code == 0, result.output
    with duckdb.connect(str(tmp_path / "x.duckdb"), read_only=True) as con:
        total = sum(i % 9 * 100 + i % 100 for i in range(240)) / 100
        assert money(con) == pytest.approx(total)
