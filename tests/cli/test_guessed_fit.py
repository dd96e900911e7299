"""``fit`` of a file alone: columns are guessed, shown, and asked about where they are not sure."""

from __future__ import annotations

import os
import re
import shlex

import duckdb
import pytest
import typer

from segmenter.cli.guessing import database_name, split_database
from segmenter.errors import InputError
from tests.combinations import first_in_gate
from tests.datasets import SHOP
from tests.sources.exports import EXPORTS, orders

BY_NAME = {export.name: export for export in EXPORTS}

UNSURE = """
    create table two as
    select i as order_id, date '2024-01-01' + (i % 90)::int as order_date, i % 60 as customer_id,
        i % 50 as client_id, 1.5 * i as "grand total", case when i % 4 = 0 then 'Cancelled' else
        'it''s paid' end as "order status"
    from range(600) as r(i)
"""


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def worth(path):
    """Return the revenue and the customers of a fitted file."""
    with duckdb.connect(str(path), read_only=True) as con:
        return con.execute(
            "select round(sum(monetary), 2), count(*) from segments.customer_profile"
        ).fetchone()


@first_in_gate("name", ["Shopify", "Square items", "Lightspeed (X-Series) sales"])
def test_a_file_alone_is_enough(run, here, name):
    export = BY_NAME[name]
    export.write(here)
    result = run("fit", "orders.csv")
    assert result.code == 0, result.err
    assert f"customer = {export.customer} (as in " in result.err
    customers = len({order.customer for order in orders()})
    assert worth("orders.duckdb") == (export.cents / 100, customers)
    assert sorted(os.listdir(here)) == ["orders.csv", "orders.duckdb"]
    assert "segmenter segments orders.duckdb" in result.out or "orders.duckdb" in result.out


def test_micro_amounts_are_fitted_in_the_unit_that_the_refusal_names(run, here):
    rows = "".join(f"{i % 120},{i},{(i % 120 + 1) ** 2 / 1e8:.8f}\n" for i in range(600))
    (here / "coins.csv").write_text(f"customer,order,amount\n{rows}")
    refused = run("fit", "coins.csv")
    assert refused.code == 2
    (advice,) = re.findall(r"with (--unit \S+[0-9])\.", refused.err)
    assert advice in run("inspect", "coins.csv").out
    result = run("fit", "coins.csv", *advice.split())
    assert result.code == 0, result.err
    unit = advice.split()[1]
    assert f"monetary is in units of {unit}" in result.out
    assert unit in run("models", "coins.duckdb").out
    total = 5 * sum((i + 1) ** 2 for i in range(120)) / 1e8
    assert worth("coins.duckdb") == (pytest.approx(total / float(unit)), 120)
    assert f"monetary in units of {unit}" in _report(run, "coins.duckdb")
    assert f"amount, in units of {unit}" in run("fit", "coins.csv", "--unit", unit, "--dry-run").out


def _report(run, database):
    assert run("report", database, "-o", "report.html", "--quiet").code == 0
    with open("report.html", encoding="utf-8") as page:
        return page.read()


def test_a_folder_is_told_from_a_table_as_advised(run, here):
    (here / "lake").mkdir()
    rows = "".join(f"{i % 120},{i},{1 + i % 7}.5\n" for i in range(600))
    (here / "lake/coins.csv").write_text(f"customer,order,amount\n{rows}")
    refused = run("fit", "new.duckdb", "--transactions", "lake", "--dry-run")
    (name,) = re.findall(r"written with a slash: (\S+)\.$", refused.err.strip())
    assert run("fit", "new.duckdb", "--transactions", name, "--dry-run").code == 0
    long = run("fit", "new.duckdb", "--transactions", "x" * 300)
    assert long.code == 2
    assert "is not a file" in long.err


@pytest.fixture
def unsure(here):
    with duckdb.connect("shop.duckdb") as con:
        con.execute(UNSURE)
        con.execute("copy two to 'orders.csv'")
    return here


@pytest.mark.parametrize(
    "words", [("fit", "orders.csv"), ("fit", "shop.duckdb", "--transactions", "two")]
)
def test_what_is_not_sure_is_refused_with_a_command_that_works(run, unsure, words):
    before = (unsure / "shop.duckdb").read_bytes()
    result = run(*words)
    assert result.code == 2
    message, command = result.err.splitlines()[-2:]
    assert "--customer customer_id is not sure: other columns may tell customers apart" in message
    assert "it could be --customer client_id." in message
    assert "(cancelled 150), worth 67,050.00" in message
    assert message.endswith("Where all is right, run this command, or add --yes:")
    assert sorted(os.listdir(unsure)) == ["orders.csv", "shop.duckdb"]
    assert (unsure / "shop.duckdb").read_bytes() == before
    assert command.startswith(f"segmenter {shlex.join(words)} --customer customer_id --amount ")
    copied = run(*shlex.split(command)[1:])
    assert copied.code == 0, copied.err
    path = "orders.duckdb" if words[1] == "orders.csv" else "shop.duckdb"
    assert worth(path) == (1.5 * (600 * 599 / 2) - 67_050, 45)


def test_yes_takes_it(run, unsure):
    result = run("fit", "orders.csv", "--yes")
    assert result.code == 0, result.err
    assert "note: --customer customer_id is not sure" in result.err
    assert worth("orders.duckdb")[1] == 45


@pytest.mark.parametrize("answer", [True, False])
def test_a_person_is_asked(run, unsure, monkeypatch, answer):
    asked = []

    def confirm(question, **how):
        asked.append((question, how))
        return answer

    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("segmenter.cli.terminal.Screen.is_terminal", True)
    monkeypatch.setattr("typer.confirm", confirm)
    result = run("fit", "orders.csv")
    assert asked == [("  Is that right?", {"err": True})]
    assert result.code == (0 if answer else 2)
    assert (unsure / "orders.duckdb").exists() is answer
    if not answer:
        assert "segmenter fit orders.csv --customer customer_id" in result.err


def test_who_ends_the_input_says_no(run, unsure, monkeypatch):
    def confirm(question, **how):
        raise typer.Abort

    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("segmenter.cli.terminal.Screen.is_terminal", True)
    monkeypatch.setattr("typer.confirm", confirm)
    assert run("fit", "orders.csv").code == 2
    assert not (unsure / "orders.duckdb").exists()


def test_a_dry_run_shows_it_and_writes_nothing(run, unsure):
    result = run("fit", "orders.csv", "--dry-run")
    assert result.code == 0, result.err
    assert "customer  customer_id" in result.out
    assert "--customer customer_id is not sure" in result.err
    assert sorted(os.listdir(unsure)) == ["orders.csv", "shop.duckdb"]


def test_what_is_given_wins_and_the_rest_is_guessed(run, unsure):
    given = ("--customer", "client_id", "--where", "order_id > 0")
    result = run("fit", "orders.csv", *given)
    assert result.code == 0, result.err
    assert "customer = client_id (given)" in result.err
    assert "amount = grand total (the name says so)" in result.err
    assert worth("orders.duckdb") == (1.5 * 600 * 599 / 2, 50)


def test_nothing_is_guessed_where_customer_and_amount_are_given(run, unsure, monkeypatch):
    monkeypatch.setattr("segmenter.operations.inspect.complete", None)
    result = run("fit", "orders.csv", "--customer", "client_id", "--amount", "grand total")
    assert result.code == 0, result.err
    with duckdb.connect("orders.duckdb", read_only=True) as con:
        assert con.execute("select max(frequency) from segments.customer_profile").fetchone() == (
            12,
        )


def test_a_table_of_a_database_is_guessed_too(run, here):
    with duckdb.connect("shop.duckdb") as con:
        con.execute(SHOP)
    assert run("fit", "shop.duckdb", "--transactions", "sales", "--window", "6 months").code == 0
    with duckdb.connect("shop.duckdb", read_only=True) as con:
        (source,) = con.execute("select source from segments_internal.models").fetchone()
    assert '"date":"sold_at"' in str(source).replace(" ", "")


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ("i as order_id, 1.5 * i as total", "has no customer that is sure (no column is called"),
        ("i % 9 as customer_id, i as order_id", "has no amount that is sure (no column is called"),
    ],
)
def test_what_is_missing_is_a_sentence(run, here, columns, said):
    with duckdb.connect() as con:
        con.execute(f"copy (select {columns} from range(90) as r(i)) to 'orders.csv'")
    result = run("fit", "orders.csv", "--yes")
    assert result.code == 2
    assert said in result.err
    assert os.listdir(here) == ["orders.csv"]


def test_a_file_of_sales_is_told_from_a_database(here):
    with duckdb.connect("odd.csv") as con:
        con.execute("create table t(a integer)")
    assert str(split_database("odd.csv", "t")[0]) == "odd.csv"
    (here / "sales.csv").write_text("a\n1\n")
    assert split_database("sales.csv", None)[1] == "sales.csv"
    (here / "exports").mkdir()
    assert split_database("exports", None) == (here.__class__("exports.duckdb"), "exports/")
    assert split_database("new.duckdb", "x.csv") == (here.__class__("new.duckdb"), "x.csv")
    with pytest.raises(InputError, match="is a file of sales, and --transactions x"):
        split_database("sales.csv", "x.csv")


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("orders.csv", "orders"),
        ("/data/Orders export 2024-01.csv.gz", "Orders_export_2024-01"),
        ("lake/sales/*.parquet", "sales"),
        ("*.csv", "sales"),
        ("https://example.com/a/b.csv?x=1", "b"),
        ("kunden/Verkäufe.parquet", "Verkäufe"),
    ],
)
def test_the_database_is_called_after_the_file(file, name):
    assert database_name(file) == name


LINES = [f"c{i % 40},{i},{i % 9}.25,2024-01-{i % 28 + 1:02d}" for i in range(200)]
HEAD = "customer_id,order_id,amount,order_date"


@first_in_gate(
    ("lines", "words"),
    [
        ([HEAD], "orders.csv has no rows"),
        ([], "orders.csv has no rows"),
        ([HEAD, *LINES, "c7,99"], "line 202: Expected Number of Columns: 4 Found: 2"),
        ([HEAD, *(f"{line},{line}" for line in LINES[:1]), *LINES], "Expected Number of Columns"),
        (
            [HEAD, *(line.replace(".25", ".25 $") for line in LINES[:99]),
             *(line.replace(".25", ".25 €") for line in LINES[99:])],
            "in several currencies (EUR, USD)",
        ),
        ([HEAD, *(line.replace(".25", ".25k") for line in LINES)], "as '0.25k' are no numbers"),
    ], first=3,
)  # fmt: skip
def test_what_cannot_be_read_is_said_and_not_that_there_is_no_such_column(run, here, lines, words):
    (here / "orders.csv").write_text("\n".join([*lines, ""]), encoding="utf-8")
    refused = run("fit", "orders.csv")
    assert refused.code == 2
    assert words in refused.err
    assert "is called like one" not in refused.err
    assert os.listdir(here) == ["orders.csv"]


def test_a_title_again_between_the_rows_is_led_to_the_right_total(run, here):
    text = "\n".join([HEAD, *LINES[:100], HEAD, *LINES[100:], ""])
    (here / "orders.csv").write_text(text, encoding="utf-8")
    refused = run("fit", "orders.csv")
    assert refused.code == 2
    assert "200 of 201 rows with a value, but not 'amount': --number-format 1234.56" in refused.err
    led = run("fit", "orders.csv", "--number-format", "1234.56")
    assert led.code == 0
    assert "date_format = iso" in led.err
    assert worth("orders.duckdb") == (sum(i % 9 + 0.25 for i in range(200)), 40)


def test_days_that_a_spreadsheet_counts_are_named_with_what_reads_them(run, here):
    lines = [f"c{i % 40},{i},{i % 9}.25,{45_292 + i}" for i in range(200)]
    (here / "orders.csv").write_text("\n".join([HEAD, *lines, ""]), encoding="utf-8")
    said = run("fit", "orders.csv").err
    assert "order_date is called like a date, but its values, such as 45292" in said
    way = shlex.split(said.partition("do, give ")[2].partition(".\n")[0])
    os.remove(here / "orders.duckdb")
    assert run("fit", "orders.csv", *way).code == 0
    with duckdb.connect("orders.duckdb", read_only=True) as con:
        (newest,) = con.execute(
            "select max(last_order_at) from segments.customer_profile"
        ).fetchone()
    assert str(newest) == "2024-07-18 00:00:00"


def test_a_column_that_duckdb_takes_for_another_type_is_guessed_as_text(run, here):
    lines = [f'"c{i % 40}","{i}","{i % 9 + 1}\'000.25","2024-01-05"' for i in range(200)]
    (here / "orders.csv").write_text("\n".join([HEAD, *lines, ""]), encoding="utf-8")
    found = run("fit", "orders.csv")
    assert found.code == 0, found.err
    assert worth("orders.duckdb") == (sum((i % 9 + 1) * 1000 + 0.25 for i in range(200)), 40)


def test_inspect_shows_the_columns_of_what_cannot_be_fitted_and_why(run, here):
    lines = [line.replace(".25", ".25k") for line in LINES]
    (here / "orders.csv").write_text("\n".join([HEAD, *lines, ""]), encoding="utf-8")
    shown = run("inspect", "orders.csv")
    assert shown.code == 0
    assert "Note: --amount amount of" in shown.out
    assert "To fit it" not in shown.out
    assert "order_id" in shown.out
