"""Options of the CSV reader: known by name, typed, kept, and advised where they mend a file."""

from __future__ import annotations

import ast

import pytest

import segmenter
from segmenter import SegmenterError, Settings, Source
from segmenter.errors import as_options
from segmenter.operations.label import label
from segmenter.operations.refresh import Refresh
from segmenter.sources.csv_options import csv_literals, parsed_options
from tests.advice import Heard, advised, csv_advised, fitted, followed, look, said
from tests.combinations import first_in_gate

COLUMNS = {"customer": "customer_id", "order": "order_id", "amount": "amount"}
HEADER = "order_id,customer_id,amount,city"
LINES = [f"{i},C{i % 20},{i % 9 + 1}.5,Bern" for i in range(200)]
LATE = 25_000
MANY = [f"{i},C{i % 20},1,Bern" for i in range(30_000)]


@pytest.fixture
def write(tmp_path):
    def write(lines, header=HEADER, encoding="utf-8"):
        path = tmp_path / "sales.csv"
        path.write_text("\n".join([header, *lines]) + "\n", encoding=encoding)
        return str(path)

    return write


def within(lines, at, line):
    return [*lines[:at], line, *lines[at:]]


def money(lines) -> float:
    return sum(float(line.split(",")[2]) for line in lines)


@first_in_gate(
    ("lines", "header", "options"),
    [
        ([line.replace(",", "|") for line in LINES], HEADER.replace(",", "|"), {"delim": "|"}),
        (["-- made by hand", HEADER, *LINES], "Shop Ltd", {"skip": 2}),
        (LINES[1:], LINES[0], {"header": False, "names": HEADER.split(",")}),
        (within(LINES, 50, "# 7,C7,99,x"), HEADER, {"comment": "#"}),
        (within(LINES, 50, "7,C7,none,x"), HEADER, {"nullstr": ["", "none"]}),
        (LINES, HEADER, {"types": {"order_id": "VARCHAR"}, "all_varchar": False}),
        (LINES, HEADER, {"dtypes": {"amount": "DECIMAL(9, 2)"}}),
        ([line.replace(",", ";").replace(".", ",") for line in LINES], HEADER.replace(",", ";"),
         {"decimal_separator": ","}),
    ], first=3,
)  # fmt: skip
def test_a_file_is_read_with_the_options_by_the_fit_and_by_the_views(
    con, write, lines, header, options
):
    source = {"transactions": write(lines, header), **COLUMNS, "csv": options}
    assert look(con, **source).money == money(LINES)
    fitted(con, **source)
    total = "select sum(monetary) from segments.customer_segments"
    assert con.execute(total).fetchone() == (money(LINES),)
    with Refresh(con) as refresh:
        assert refresh.prepare(full=True).customers == 20
        refresh.store()
    assert con.execute(f"{total}_snapshot").fetchone() == (money(LINES),)


def test_options_that_were_typed_are_those_of_python():
    typed = [
        "delim=;",
        "header=no",
        "skip=3",
        "nullstr=['', 'a=b']",
        'types={"x": "DATE"}',
        "quote=",
    ]
    wanted = {
        "delim": ";", "header": False, "skip": 3, "nullstr": ["", "a=b"], "types": {"x": "DATE"},
        "quote": "",
    }  # fmt: skip
    assert parsed_options(typed) == wanted
    assert csv_literals(wanted)["types"].sql(dialect="duckdb") == "{'x': 'DATE'}"
    shown = as_options(f"give csv = {wanted!r}.", {"csv"}, {"csv"})
    assert shown == (
        'give --csv "delim=;" --csv header=false --csv skip=3 '
        """--csv "nullstr=['', 'a=b']" --csv "types={'x': 'DATE'}" --csv "quote="."""
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["delimm=;"], "no option 'delimm' .* Did you mean 'delim'?"),
        (["skip=two"], "skip takes a whole number, not 'two'"),
        (["header=maybe"], "header takes true or false, not 'maybe'"),
        (["delim"], "KEY=VALUE, for example delim=';', and 'delim' is none"),
        (["skip=1", "SKIP=2"], "skip is given twice"),
        (["types={'x': (select 1)}"], "types takes a list"),
        (["store_rejects=true"], "set here to count"),
    ],
)
def test_an_option_that_is_none_is_refused(words, message):
    with pytest.raises(SegmenterError, match=message):
        parsed_options(words)


def test_a_literal_is_no_sql(con, write):
    odd = {"comment": "'", "nullstr": ["x'); drop table t; --"]}
    assert look(con, transactions=write(LINES), **COLUMNS, csv=odd).money == money(LINES)


@pytest.mark.parametrize("relation", ["sales", "sales.parquet", None])
def test_options_are_for_files_of_csv(con, tmp_path, monkeypatch, relation):
    monkeypatch.chdir(tmp_path)
    con.execute("create table sales as select 1 as order_id, 2 as customer_id, 3.0 as amount")
    con.execute("copy sales to 'sales.parquet'")
    frame = con.table("sales").to_arrow_table() if relation is None else relation
    message = said(con, transactions=frame, **COLUMNS, csv={"delim": ";"})
    assert "csv says how a CSV file is read" in message
    assert "delim" in said(con, transactions="sales", **COLUMNS, csv="delim=;")


ADVISED = {
    "short line": (within(LINES, 100, "7,C7"), 0),
    "late short line": (within(MANY, LATE, "7,C7"), 0),
    "late title": (within(MANY, LATE, HEADER), 0),
    "late text": (within(MANY, LATE, "7,C7,n/a,Bern"), 0),
    "long line": (within(LINES, 100, "7,C7,5,Bern,x,y"), 0),
    "late long line": (within(MANY, LATE, "7,C7,5,Bern,x,y"), 0),
    "open quote": (['8,C8,4,"Zug"', *within(MANY, LATE, '7,C7,5,"Zug')], 9),
    "long value": (within(MANY, LATE, f"7,C7,5,{'x' * 2_100_000}"), 5),
}


@first_in_gate("name", ADVISED, first=4)
def test_every_advice_reads_the_file(con, write, name):
    lines, more = ADVISED[name]
    path = write(lines)
    message = said(con, transactions=path, **COLUMNS)
    known = {*LINES, *MANY, '8,C8,4,"Zug"'}
    number = next(i for i, line in enumerate(lines, 2) if line not in known)
    assert f"line {number:,}" in message
    found = [{"csv": options} for options in csv_advised(message)]
    found += [{"number_format": form} for form in advised(message, "number_format")]
    assert found
    right = money(MANY if len(lines) > 1_000 else LINES) + more
    for options in found:
        seen = look(con, transactions=path, **COLUMNS, **options)
        assert seen.money == right
        left_out = [words for words in seen.warnings if "left out" in words]
        assert len(left_out) == (0 if more else 1)


def test_a_late_number_of_another_form_is_read_by_its_form(con, write):
    path = write(['8,C8,0,"Zug"', *within(MANY, LATE, '7,C7,"1,105.60",Bern')])
    (form,) = advised(said(con, transactions=path, **COLUMNS), "number_format")
    assert look(con, transactions=path, **COLUMNS, number_format=form).money == 31_105.6


def test_lines_that_are_left_out_are_counted_and_too_many_refused(con, write):
    few = write([*LINES[:100], "7,C7", "8,C8,1,x,y", *LINES[100:]])
    options = {"transactions": few, **COLUMNS, "csv": {"ignore_errors": True}}
    (words,) = [words for words in look(con, **options).warnings if "left out" in words]
    assert words == (
        f"2 lines of {few} (0.99 % of 202) cannot be read and are left out, as line 102: Expected "
        "Number of Columns: 4 Found: 2."
    )
    many = write([*LINES, *(["7,C7"] * 20)])
    message = said(con, **options)
    assert f"20 lines of {many} (9.09 % of 220) cannot be read and would be left out" in message
    assert look(con, **options, allow_lost_rows=True).money == money(LINES)
    assert not con.execute("select * from duckdb_tables() where table_name ~ 'reject'").fetchall()


@pytest.mark.parametrize("options", [{"ignore_errors": True}, {"strict_mode": False}])
def test_a_quote_that_is_never_closed_loses_no_line_in_silence(con, write, options):
    path = write(['8,C8,4,"Zug"', *within(MANY, LATE, '7,C7,5,"Zug')])
    message = said(con, transactions=path, **COLUMNS, csv=options, allow_lost_rows=True)
    assert "a quote that opens on line 25,003" in message
    (better,) = csv_advised(message)
    assert look(con, transactions=path, **COLUMNS, csv=better).money == 30_009


def test_another_encoding_that_was_asked_for_is_told(con, write):
    path = write(within(MANY, LATE, "7,C7,5,Zürich"), encoding="latin-1")
    message = said(con, transactions=path, **COLUMNS, csv={"encoding": "utf-8"})
    (better,) = csv_advised(message)
    assert look(con, transactions=path, **COLUMNS, csv=better).money == 30_005
    message = said(con, transactions=path, **COLUMNS, csv={"encoding": "klingon"})
    assert "iconv -f klingon -t utf-8" in message


def test_any_name_is_a_csv_file_where_options_say_so(con, tmp_path):
    path = tmp_path / "sales.dat"
    path.write_text("\n".join([HEADER, *LINES]) + "\n")
    assert "neither" in said(con, transactions=str(path), **COLUMNS)
    assert look(con, transactions=str(path), **COLUMNS, csv={"delim": ","}).money == money(LINES)


def test_profiles_are_labelled_with_options(con, tmp_path, write):
    fitted(con, transactions=write(LINES), **COLUMNS)
    given, labelled = tmp_path / "profiles.csv", tmp_path / "labelled.csv"
    given.write_text("made by hand\nid;monetary;frequency\na;5;1\nb;60;9\nc\n")
    heard, options = Heard(), {"skip": 1, "delim": ";", "ignore_errors": True}
    label(con, given, labelled, csv=options, progress=heard)
    (words,) = heard.warnings
    assert f"1 line of {given} (33.33 % of 3) cannot be read and is left out" in words
    found = con.execute(f"select id, segment from '{labelled}' order by id").fetchall()
    assert [row[0] for row in found] == ["a", "b"]
    assert all(row[1] for row in found)


def test_a_source_with_options_is_stored_and_read_back(con, write):
    source = Source.from_transactions(write(LINES), **COLUMNS, csv={"DELIM": ","})
    segmenter.fit(con, source, Settings(cut=1, n_neighbors=1))
    stored = con.execute("select source ->> '$.csv' from segments_internal.models").fetchone()
    assert ast.literal_eval(stored[0]) == {"delim": ","}
    assert Source.from_dict(segmenter.load(con).source).csv == {"delim": ","}


def test_quotes_that_come_late_are_read_as_advised_where_nobody_could_look(con, write):
    lines = [f"{i},C{i % 20},{i % 9}.5,Bern" for i in range(LATE)]
    path = write([*lines, '25000,C1,"1,234.50",Bern'])
    source = {"transactions": f"file://{path}", **COLUMNS}
    (options,) = csv_advised(said(con, **source))
    assert options == {"quote": '"'}
    source["csv"] = options
    seen = look(con, **followed(said(con, **source), **source))
    assert seen.money == money(lines) + 1234.5
