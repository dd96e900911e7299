"""Rows that an expression loses are counted and refused, and the advice reads every one of them."""

from __future__ import annotations

from contextlib import contextmanager

import duckdb
import pytest

import segmenter
from segmenter import SegmenterError, Settings, Source
from segmenter.training.stage import Stage
from segmenter.training.train import inspect
from tests.advice import advised, fitted, followed, look, said
from tests.combinations import first_in_gate

COLUMNS = {"customer": "customer_id", "order": "order_id"}
AMOUNTS = [928.4, 1105.6, 12.05, 1358.4, 7.5, 12_345.67, 1_000_000.0, 33.0]


def grouped(value: float, thousands: str, decimal: str, digits: int = 2) -> str:
    text = f"{value:,.{digits}f}"
    return text.replace(",", "?").replace(".", decimal).replace("?", thousands)


FORMS = {
    "1,234.50": lambda v: grouped(v, ",", "."),
    "1.234,50": lambda v: grouped(v, ".", ","),
    "1234,50": lambda v: grouped(v, "", ","),
    "1'234.50": lambda v: grouped(v, "'", "."),
    "1 234,50": lambda v: grouped(v, "\u00a0", ","),
    "pounds": lambda v: "£" + grouped(v, ",", "."),
    "euro": lambda v: grouped(v, ".", ",") + " €",
    "code": lambda v: "EUR " + grouped(v, ",", "."),
    "padded": lambda v: "  " + grouped(v, "", ".") + " ",
    "brackets": lambda v: grouped(v, ",", ".") if v > 20 else f"({grouped(v, ',', '.')})",
    "minus last": lambda v: grouped(v, ".", ",") + ("-" if v < 20 else ""),
    "minus": lambda v: ("-" if v < 20 else "") + "$" + grouped(v, ",", "."),
}
NEGATIVE = ("brackets", "minus last", "minus")


def fill(con, rows):
    columns = [list(column) for column in zip(*rows, strict=True)]
    con.execute("insert into t select unnest($1), unnest($2), unnest($3)", columns)


def texts(con, write, more=()):
    """Make a table of amounts as texts: 60 customers."""
    rows = [(i, f"C{i % 60}", write(AMOUNTS[i % 8])) for i in range(240)]
    rows += [(240 + i, "C1", text) for i, text in enumerate(more)]
    con.execute("create or replace table t (order_id int, customer_id varchar, amount varchar)")
    fill(con, rows)
    return {"transactions": "t", **COLUMNS}


def money(form: str) -> float:
    return round(
        sum(-v if form in NEGATIVE and v < 20 else v for i in range(240) for v in [AMOUNTS[i % 8]]),
        2,
    )


@first_in_gate("form", FORMS, first=10)
@first_in_gate(
    "amount", ["amount", "cast(amount as double)", "try_cast(amount as double)"], first=10
)
def test_each_advice_reads_every_row(con, form, amount):
    table = texts(con, FORMS[form])
    if form == "padded" and amount != "amount":  # such texts can be cast
        assert not [w for w in look(con, **table, amount=amount).warnings if "lost" in w]
        return
    message = said(con, **table, amount=amount)
    better = followed(message, **table, amount=amount)
    assert better["number_format"]
    assert look(con, **better)[1:3] == (60, money(form))


@first_in_gate(
    ("more", "left_out"),
    [(["N/A"], 1), (["N/A", "-", ""], 3), (["it's", "N/A", "n/a", "none", ""], 5)],
    first=3,
)
@first_in_gate("where", [None, "amount <> 'N/A'"])
def test_texts_that_are_no_amounts_are_missing_amounts(con, more, left_out, where):
    table = texts(con, FORMS["1,234.50"], more)
    for amount in ("amount", "cast(amount as double)"):
        message = said(con, **table, amount=amount, where=where)
        seen = look(con, **followed(message, **table, amount=amount, where=where))
        missing = left_out - (where is not None)
        assert any("no amount and" in words for words in seen.warnings) == bool(missing)
        assert seen[1:3] == (60, money("1,234.50"))


def test_where_only_three_digits_follow_both_readings_are_shown(con):
    rows = [(i, f"C{i % 60}", f"{i % 7 + 1},{i % 9}00") for i in range(240)]
    con.execute("create table t (order_id int, customer_id varchar, amount varchar)")
    fill(con, rows)
    table = {"transactions": "t", **COLUMNS}
    message = said(con, **table, amount="amount")
    assert "the comma may separate thousands or decimals" in message
    thousands, decimals = (
        {"amount": "amount", "number_format": form} for form in advised(message, "number_format")
    )
    expected = sum((i % 7 + 1) * 1000 + i % 9 * 100 for i in range(240))
    assert look(con, **table, **thousands)[1:3] == (60, expected)
    assert look(con, **table, **decimals)[1:3] == (60, round(expected / 1000, 2))


def test_texts_that_contradict_each_other_have_no_expression(con):
    message = said(con, **texts(con, FORMS["1,234.50"], ["1.234,50"]), amount="amount")
    assert "Bring them to one form first" in message
    assert advised(message, "amount") == ["amount"]
    message = said(con, **texts(con, FORMS["pounds"], ["12/3"]), amount="amount")
    assert "1 row such as '12/3' is no number: mend it." in message
    assert advised(message, "amount") == ["amount"]


def test_up_to_five_percent_are_warned_of_and_more_are_refused(con):
    table = texts(con, lambda v: str(v), ["many"] * 12)
    heard = look(con, **table, amount="try_cast(amount as double)").warnings
    expected = "12 rows (4.8 %) are lost: an expression is NULL although what it reads is not, as "
    assert f"{expected}for amount 'many'." in heard
    con.execute("insert into t values (999, 'C2', 'more'), (999, 'C2', 'more')")
    message = said(con, **table, amount="try_cast(amount as double)")
    assert message.startswith("14 of 254 rows of t (5.5 %) would be lost: ")
    assert advised(message, "allow_lost_rows") == [True]
    heard = fitted(con, **table, amount="try_cast(amount as double)", allow_lost_rows=True)
    assert any(words.startswith("14 rows (5.5 %) are lost") for words in heard)
    query = "select severity, found from segments.data_quality where check_name = 'lost_rows'"
    assert con.execute(query).fetchone() == ("warns", 14)


def test_the_view_says_what_a_fit_would_refuse(con):
    table = texts(con, lambda v: str(v))
    fitted(con, **table, amount="try_cast(amount as double)")
    con.execute("insert into t select 999, 'C2', 'x' || i from range(30) as r(i)")
    query = "select severity, found, example from segments.data_quality where severity = 'blocks'"
    assert con.execute(query).fetchone() == ("blocks", 30, "amount 'x0'")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("where", "try_cast(amount as double) > 0"),
        ("date", "try_strptime(amount, '%Y')"),
        ("customer", "try_cast(amount as int)"),
        ("order", "try_cast(amount as int)"),
    ],
)
def test_each_expression_can_lose_rows(con, name, text):
    table = texts(con, FORMS["1,234.50"]) | {"amount": "order_id"} | {name: text}
    message = said(con, **table)
    why = "leaves them out because it cannot convert" if name == "where" else "is NULL there"
    assert f"would be lost: {name} = {text!r} {why}" in message
    if name == "date":
        assert look(con, **table, allow_lost_rows=True).customers == 60


def test_nulls_that_an_expression_asks_for_are_not_lost(con):
    table = texts(con, lambda v: str(v))
    for amount in (
        "nullif(cast(amount as double), 33)",
        "case when order_id > 20 then order_id end",
    ):
        assert not any("lost" in words for words in look(con, **table, amount=amount).warnings)


def test_a_condition_that_is_null_is_told(con):
    table = texts(con, lambda v: str(v)) | {"amount": "cast(amount as double)"}
    con.execute("update t set order_id = null where order_id < 24")
    heard = look(con, **table, where="order_id <> 100").warnings
    assert (
        "24 rows (10.0 %) are left out because the condition is NULL there: it reads a column "
        "without a value."
    ) in heard


@pytest.mark.parametrize("many", [250_000, 0])
def test_large_tables_are_told_the_same(con, monkeypatch, many):
    monkeypatch.setattr("segmenter.training.data_checks.MANY_ROWS", many)
    table = texts(con, lambda v: str(v), ["many"] * 3)
    con.execute("update t set order_id = null where order_id < 24")
    dated = {"date": "timestamp '2024-01-01' + to_days(order_id)", "window": "5 years"}
    amount = "try_cast(amount as double)"
    heard = look(con, **table, **dated, amount=amount, where="order_id <> 100").warnings
    assert any(words.startswith("3 rows (1.2 %) are lost") for words in heard)
    assert any(words.startswith("24 rows (9.9 %) are left out because") for words in heard)


def test_the_permission_is_kept_with_the_model(con):
    table = texts(con, lambda v: str(v), ["many"] * 30)
    mapping = "{'customer': 'customer_id', 'amount': 'try_cast(amount as double)'"
    segmenter.register(con)
    with pytest.raises(duckdb.Error, match="would be lost"):
        con.execute(f"select fit_segments('t', {mapping}}})")
    con.execute(f"select fit_segments('t', {mapping}, 'allow_lost_rows': true}})").fetchall()
    assert segmenter.load(con).source["allow_lost_rows"] is True
    assert "allow_lost_rows" not in Source(**table, amount="order_id").as_dict()
    with pytest.raises(SegmenterError, match="must be True or False"):
        Source(**table, amount="order_id", allow_lost_rows="yes")
    assert Source(**segmenter.load(con).source).allow_lost_rows


@first_in_gate(
    "write",
    ["%d.%m.%Y", "%m/%d/%Y %H:%M", "%Y%m%d", "%d-%b-%Y", "%Y-%m-%dT%H:%M:%S", "epoch"],
    first=3,
)
def test_the_advice_on_dates_reads_every_row(con, write):
    day = "timestamp '2023-01-05' + to_days((i * 7 % 400)::int)"
    text = f"epoch({day})::bigint" if write == "epoch" else f"strftime({day}, '{write}')"
    con.execute(
        f"create table t as select i as order_id, i % 60 as customer_id, 2.5 + i % 7 as amount, "
        f"{text} as day, {day} as expected from range(240) as r(i)"
    )
    table = {"transactions": "t", **COLUMNS, "amount": "amount"}
    message = said(con, **table, date="day")
    better = followed(message, **table, date="day")
    assert better["date_format"]
    newest = con.execute("select max(expected) from t").fetchone()[0]
    assert look(con, **better).last_order_at == newest
    with Stage(con, Source(**better), Settings()):
        different = "select count(*) from t, temp.main.segmenter_transactions as s "
        different += "where t.order_id = s.order_id and t.expected <> s.ordered_at"
        assert con.execute(different).fetchone() == (0,)


def test_a_date_of_days_up_to_twelve_may_be_either(con):
    con.execute(
        "create table t as select i as order_id, i % 60 as customer_id, 2.5 as amount, "
        "format('{:02d}/{:02d}/2024', 1 + i % 12, 1 + i % 11) as day from range(240) as r(i)"
    )
    message = said(con, transactions="t", **COLUMNS, amount="amount", date="day")
    assert advised(message, "date_format") == ["%d/%m/%Y", "%m/%d/%Y"]


def test_a_text_of_many_forms_has_no_advice(con):
    con.execute(
        "create table t as select i as order_id, i % 60 as customer_id, "
        "repeat('a', i::int) as amount from range(600) as r(i)"
    )
    assert "have no common form" in said(con, transactions="t", **COLUMNS, amount="amount")


@pytest.mark.parametrize(
    "where",
    [
        "try_cast(amount as double) is not null",
        "not (try_cast(amount as double) is null)",
        "try_cast(amount as double) > 0",
        "coalesce(try_cast(amount as double), 0) > 0",
    ],
)
def test_a_condition_that_cannot_convert_loses_rows_and_its_advice_keeps_them(con, where):
    table = texts(con, FORMS["1,234.50"])
    amount = "cast(replace(amount, ',', '') as double)"
    whole = look(con, **table, amount=amount)
    message = said(con, **table, amount=amount, where=where)
    assert f"would be lost: where = {where!r} leaves them out because it cannot convert" in message
    assert advised(message, "allow_lost_rows") == [True]
    better = advised(message, "where")[-1]
    assert look(con, **table, amount=amount, where=better)[1:] == whole[1:]


def test_a_condition_that_keeps_what_cannot_be_converted_loses_nothing(con):
    table = texts(con, FORMS["1,234.50"])
    for where in (
        "try_cast(amount as double) is null",
        "try_cast(amount as double) is not null or order_id > 0",
        "case when try_cast(amount as double) is null then false else true end",
        "try_cast(nullif(amount, '') as double) is null or true",
    ):
        amount = "cast(replace(amount, ',', '') as double)"
        assert not any(
            "lost" in words for words in look(con, **table, amount=amount, where=where)[0]
        )


def test_a_view_counts_what_its_condition_cannot_convert(con):
    table = texts(con, lambda v: str(v))
    fitted(con, **table, amount="order_id", where="try_cast(amount as double) is not null")
    con.execute("insert into t select i + 900, 'C2', '1,00' || i from range(9) as r(i)")
    query = "select found, example from segments.data_quality where check_name = 'lost_rows'"
    assert con.execute(query).fetchone()[0] == 9


class Steps:
    """A listener that keeps what its steps came to."""

    def __init__(self):
        self.results = []

    @contextmanager
    def step(self, title):
        yield lambda result: self.results.append((title, result))

    def warn(self, message, code):
        del message


def test_a_fit_says_how_many_rows_its_condition_leaves_out(con):
    con.execute(
        "create table s as select i % 7 as c, i as a, case when i % 10 > 0 then i end as q "
        "from range(60) as r(i)"
    )
    source = Source(transactions="s", customer="c", amount="a", where="q > 12")
    steps = Steps()
    with Stage(con, source, Settings(cut=1, n_neighbors=1)) as stage:
        inspect(stage, steps)
    (result,) = [result for title, result in steps.results if title == "Applying the condition"]
    assert result == "17 rows of 60 left out (28.3 %), 6 of them because it is NULL there"
