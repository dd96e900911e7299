"""Files as they are: several of them, guessed types, formats of dates, encodings."""

from __future__ import annotations

import datetime as dt
import json

import duckdb
import pytest

import segmenter
from segmenter import SegmenterError, Settings, Source
from segmenter.operations.refresh import Refresh
from tests.advice import fitted, followed, look, said
from tests.combinations import each_once, first_in_gate

COLUMNS = {"customer": "customer_id", "order": "order_id", "amount": "amount"}


def rows(first: int, *, cents: bool):
    return [(i, f"C{i % 20}", i % 9 + 1 + (0.75 if cents else 0)) for i in range(first, first + 60)]


def write_csv(path, found, header="order_id,customer_id,amount", sep=","):
    lines = [header, *(sep.join(map(str, row)) for row in found)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_parquet(con, path, found, kind, *, swapped=False):
    con.execute("create or replace table f (order_id int, customer_id varchar, amount double)")
    columns = [list(column) for column in zip(*found, strict=True)]
    con.execute("insert into f select unnest($1), unnest($2), unnest($3)", columns)
    named = [f"cast(amount as {kind}) as amount", "customer_id", "order_id"]
    listed = ", ".join(named if swapped else reversed(named))
    con.execute(f"copy (select {listed} from f) to '{path}' (format parquet)")


def money(*parts) -> float:
    return round(sum(row[2] for part in parts for row in part), 2)


@pytest.mark.parametrize(
    ("first", "second"),
    [("int", "double"), ("int", "decimal(9, 2)"), ("decimal(9, 0)", "decimal(9, 2)")],
)
@pytest.mark.parametrize("swapped", [False, True])
def test_later_parquet_files_keep_their_cents(con, tmp_path, first, second, swapped):
    early, late = rows(0, cents=False), rows(60, cents=True)
    write_parquet(con, tmp_path / "2023.parquet", early, first)
    write_parquet(con, tmp_path / "2024.parquet", late, second, swapped=swapped)
    seen = look(con, transactions=f"{tmp_path}/*.parquet", **COLUMNS)
    assert seen[1:3] == (20, money(early, late))
    (note,) = [words for words in seen.warnings if "differ in the column" in words]
    assert "differ in the column amount: " in note
    assert f"2023.parquet, {'DOUBLE' if second == 'double' else 'DECIMAL(9,2)'} in " in note


@pytest.mark.parametrize("name", ["customer_id", "amount"])
def test_a_file_without_a_column_that_is_needed_is_refused(con, tmp_path, name):
    early, late = rows(0, cents=False), rows(60, cents=True)
    header = "order_id,customer_id,amount"
    write_csv(tmp_path / "2023.csv", early)
    write_csv(tmp_path / "2024.csv", late, header.replace(name, "later_name"))
    source = {"transactions": f"{tmp_path}/*.csv", **COLUMNS}
    message = said(con, **source)
    assert (
        f"the column {name}, which {name.removesuffix('_id')} is read from, is missing" in message
    )
    assert "2024.csv, so that all rows of such files would be lost" in message
    role = name.removesuffix("_id")
    both = look(con, **source | {role: f"coalesce({name}, later_name)"})
    assert both[1:3] == (20, money(early, late))
    assert look(con, **source, allow_lost_rows=True).money == money(early)


def test_numbers_of_json_are_the_same_as_texts(con, tmp_path):
    found = [
        {
            "customer_id": i % 20 if i % 3 else str(i % 20),
            "order_id": i,
            "amount": i if i % 7 else str(i),
        }
        for i in range(200)
    ]
    (tmp_path / "sales.json").write_text("\n".join(map(json.dumps, found)))
    source = {"transactions": str(tmp_path / "sales.json"), **COLUMNS}
    better = followed(said(con, **source), **source)
    assert look(con, **better)[1:3] == (20, sum(range(200)))


def test_one_file_is_read_as_before(con, tmp_path):
    write_parquet(con, tmp_path / "a.parquet", rows(0, cents=True), "double")
    fitted(con, transactions=f"{tmp_path}/a.parquet", **COLUMNS)
    query = "select sql from duckdb_views() where view_name = 'transactions'"
    sql = con.execute(query).fetchone()[0]
    assert "union_by_name" not in sql
    assert "coalesce" not in sql.lower()


def test_a_file_that_comes_later_keeps_its_cents_too(con, tmp_path):
    early, late = rows(0, cents=False), rows(60, cents=True)
    write_parquet(con, tmp_path / "2023.parquet", early, "int")
    fitted(con, transactions=f"{tmp_path}/*.parquet", **COLUMNS)
    write_parquet(con, tmp_path / "2024.parquet", late, "double", swapped=True)
    total = "select round(sum(monetary), 2) from segments.customer_segments"
    assert con.execute(total).fetchone() == (money(early, late),)
    with Refresh(con) as refresh:
        refresh.prepare()
        refresh.store()
    assert con.execute(f"{total}_snapshot").fetchone() == (money(early, late),)


def test_partitions_stay_columns_and_what_is_missing_is_told(con, tmp_path):
    for year, amount in (("2023", "amount::int as amount"), ("2024", "amount, 5 as tip")):
        (tmp_path / f"year={year}").mkdir()
        con.execute(
            f"copy (select order_id, customer_id, {amount} from (values (1, 'a', 2.5), "
            f"(2, 'b', 3.5)) as t(order_id, customer_id, amount)) "
            f"to '{tmp_path}/year={year}/p.parquet'"
        )
    glob = f"{tmp_path}/*/*.parquet"
    seen = look(con, transactions=glob, customer="year", amount="amount", where="amount > 0")
    assert seen[1:3] == (2, 3 + 4 + 6.0)
    seen = look(con, transactions=glob, **COLUMNS | {"amount": "amount + coalesce(tip, 0)"})
    assert seen.money == 3 + 4 + 6 + 10
    assert any("missing in" in words and "INTEGER in" in words for words in seen.warnings)


def test_a_text_in_a_later_file_is_named(con, tmp_path):
    write_parquet(con, tmp_path / "a.parquet", rows(0, cents=False), "int")
    write_parquet(con, tmp_path / "b.parquet", rows(60, cents=True), "varchar")
    message = said(con, transactions=f"{tmp_path}/*.parquet", **COLUMNS)
    assert "is VARCHAR, not a number" in message
    assert f"INTEGER in {tmp_path}/a.parquet, VARCHAR in {tmp_path}/b.parquet" in message
    better = followed(message, transactions=f"{tmp_path}/*.parquet", **COLUMNS)
    assert look(con, **better).money == money(rows(0, cents=False), rows(60, cents=True))


def test_csv_columns_in_another_order_are_not_mixed_up(con, tmp_path):
    early, late = rows(0, cents=False), rows(60, cents=True)
    write_csv(tmp_path / "a.csv", early)
    write_csv(tmp_path / "b.csv", [row[::-1] for row in late], "amount;customer_id;order_id", ";")
    seen = look(con, transactions=f"{tmp_path}/*.csv", **COLUMNS)
    assert seen[1:3] == (20, money(early, late))


@pytest.mark.parametrize("amount", ["amount", "amount * 2", "cast(amount as decimal(9, 2))"])
def test_cents_after_many_whole_numbers_are_not_rounded(con, tmp_path, amount):
    many = [(i, f"C{i % 20}", 1) for i in range(25_000)]
    write_csv(tmp_path / "late.csv", [*many, (25_000, "C1", 2.75)])
    seen = look(con, transactions=f"{tmp_path}/late.csv", **COLUMNS | {"amount": amount})
    assert seen.money == 25_002.75 * (2 if "*" in amount else 1)


DAYS = [dt.date(2023, 1, 5) + dt.timedelta(days=7 * i % 400) for i in range(60)]


def dated(path, form):
    found = [(*row, DAYS[i].strftime(form)) for i, row in enumerate(rows(0, cents=True))]
    write_csv(path, found, "order_id,customer_id,amount,day")
    return {"transactions": str(path), **COLUMNS}


@pytest.mark.parametrize(
    ("form", "window", "date"),
    each_once(
        ["%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%Y-%m-%d"],
        [None, "6 months"],
        ["day", "cast(day as timestamp)", "try_cast(day as timestamp)", "cast(day as date)"],
    ),
)
def test_days_of_a_csv_are_read_in_the_format_that_was_found(con, tmp_path, form, window, date):
    source = dated(tmp_path / "days.csv", form)
    seen = look(con, **source, date=date, window=window)
    assert seen.last_order_at == dt.datetime.combine(max(DAYS), dt.time())
    assert not any("lost" in words for words in seen.warnings)


def test_every_view_over_days_of_a_csv_works(con, tmp_path):
    source = dated(tmp_path / "days.csv", "%d/%m/%Y")
    con.execute(f"create view mine as from read_csv('{source['transactions']}')")
    for changes in ({"window": "9 months"}, {}, {"transactions": "mine"}):
        fitted(con, **source | changes, date="day")
        for view in ("data_quality", "customer_segments", "drift", "customer_segments_snapshot"):
            assert con.execute(f"from segments.{view}").fetchall()
        at = "from segments.customer_segments_at(timestamp '2023-06-30')"
        assert con.execute(at).fetchall()
        with Refresh(con) as refresh:
            assert refresh.prepare(full=True).customers == 20


def test_days_up_to_the_twelfth_are_doubted_and_the_way_out_swaps_them(con, tmp_path):
    found = [
        (*row, f"{i % 12 + 1:02d}/{i % 5 + 1:02d}/2024")
        for i, row in enumerate(rows(0, cents=True))
    ]
    write_csv(tmp_path / "days.csv", found, "order_id,customer_id,amount,day")
    source = {"transactions": f"{tmp_path}/days.csv", **COLUMNS}
    seen = look(con, **source, date="day")
    (note,) = [words for words in seen.warnings if "nothing tells days from months" in words]
    other = look(con, **followed(note, **source, date="day")).last_order_at
    assert {seen.last_order_at.month, other.month} == {5, 12}


TOWN = [(*row, "Zürich") for row in rows(0, cents=True)]


@first_in_gate(
    ("encoding", "known_as"),
    [("latin-1", "Latin-1"), ("utf-16", "UTF-16"), ("utf-8-sig", None)],
    first=3,
)
@first_in_gate("late", [False, True])
def test_other_encodings_are_read_and_told(con, tmp_path, encoding, known_as, late):
    path = tmp_path / "town.csv"
    found = [(i, f"C{i % 20}", 1.5, "Bern") for i in range(30_000 * late)] + TOWN
    lines = ["order_id,customer_id,amount,city", *(",".join(map(str, row)) for row in found)]
    path.write_text("\n".join(lines) + "\n", encoding=encoding)
    seen = look(con, transactions=str(path), **COLUMNS | {"customer": "customer_id || city"})
    assert seen.money == money(found)
    told = [words for words in seen.warnings if "not encoded in UTF-8" in words]
    assert told == (
        [f"{path} is not encoded in UTF-8 and is read as {known_as}."] if known_as else []
    )


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16-be"])
def test_an_encoding_that_cannot_be_read_has_a_command_that_converts_it(con, tmp_path, encoding):
    path = tmp_path / "town.csv"
    lines = ["order_id,customer_id,amount,city", *(f"{i},C{i},{i}.5,10 €" for i in range(50))]
    path.write_text("\n".join(lines) + "\n", encoding=encoding)
    message = said(con, transactions=str(path), **COLUMNS)
    code = message.split("iconv -f ")[1].split()[0]
    (tmp_path / "ok.csv").write_bytes(path.read_bytes().decode(code).encode("utf-8"))
    assert look(con, transactions=f"{tmp_path}/ok.csv", **COLUMNS).customers == 50


def test_files_of_different_encodings_are_refused(con, tmp_path):
    for name, encoding in (("a", "latin-1"), ("b", "utf-8")):
        text = "order_id,customer_id,amount,city\n1,C1,2.5,Zürich\n"
        (tmp_path / f"{name}.csv").write_text(text, encoding=encoding)
    with pytest.raises(SegmenterError, match=r"different encodings: .*a\.csv \(latin-1\) and .*b"):
        segmenter.fit(con, Source(transactions=f"{tmp_path}/*.csv", **COLUMNS), Settings())


def test_the_reason_of_a_csv_error_is_said(con, tmp_path):
    many = [(i, f"C{i % 20}", 1) for i in range(30_000)]
    write_csv(tmp_path / "bad.csv", [*many, (30_000, "C1", "n/a")])
    message = said(con, transactions=f"{tmp_path}/bad.csv", **COLUMNS)
    assert f"line 30,002 of {tmp_path}/bad.csv: " in message
    assert "'30000,C1,n/a'" in message
    assert '"n/a"' in message


def test_a_database_without_extensions_reads_the_views(con, tmp_path):
    """What is now is asked without ICU, which a bare client does not have."""
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path), config={"storage_compatibility_version": "v1.4.0"}) as made:
        made.execute(
            "create table t as select i as order_id, i % 60 as customer_id, i + 0.5 as amount, "
            "timestamp '2024-01-01' + to_days(i::int) as day from range(300) as r(i)"
        )
        fitted(made, transactions="t", **COLUMNS, date="day", window="5 years")
        found = made.execute("select sql from duckdb_views() where schema_name = 'segments'")
        for (sql,) in found.fetchall():
            assert "time zone" not in sql.lower()
            assert "timezone" not in sql.lower()


def test_a_glob_that_says_no_format_names_one_of_each(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = rows(0, cents=True)
    write_csv(tmp_path / "a.csv", found)
    with duckdb.connect() as con:
        write_parquet(con, tmp_path / "b.parquet", found, "double")
        message = said(con, transactions="*", **COLUMNS)
        assert message == (
            "* fits 2 files, and does not say which kind of them to read. Name one: '*.csv' or "
            "'*.parquet'."
        )
        for one in ("*.csv", "*.parquet"):
            assert look(con, transactions=one, **COLUMNS).money == money(found)
        assert "there is no table" in said(con, transactions="no_such_*", **COLUMNS)


def test_a_column_that_nobody_asked_for_stops_nothing(con, tmp_path):
    lines = [f"C{i % 50},{i % 9}.5,{'late' if i == 29_000 else i}" for i in range(30_000)]
    for folder in ("year=2023", "year=2024"):
        (tmp_path / folder).mkdir()
        text = "\n".join(["customer_id,amount,unasked", *lines]) + "\n"
        (tmp_path / folder / "sales.csv").write_text(text)
    source = {"customer": "customer_id", "amount": "amount"}
    heard = fitted(con, transactions=f"{tmp_path}/*/*.csv", **source)
    assert not [words for words in heard if "unasked" in words]
    query = "select found from segments.data_quality where check_name = 'duplicate_rows'"
    assert con.execute(query).fetchone() == (0,)
