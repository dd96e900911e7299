"""Files as people have them: packed, JSON, folders, partitions."""

from __future__ import annotations

import gzip
import json

import duckdb
import pytest

from segmenter.operations.label import label
from segmenter.operations.refresh import Refresh
from tests.advice import fitted, look, said
from tests.combinations import each_once, first_in_gate

COLUMNS = {"customer": "customer_id", "order": "order_id", "amount": "amount"}
ROWS = [{"order_id": i, "customer_id": f"{i % 20:03d}", "amount": i % 9 + 1} for i in range(200)]
LATE = [*(ROWS * 110), {"order_id": 22_000, "customer_id": "001", "amount": 2.75, "tip": 1}]


def money(rows) -> float:
    return sum(row["amount"] for row in rows)


def text(rows, ending) -> str:
    if ending == "json":
        return json.dumps(rows)
    if ending in ("ndjson", "jsonl"):
        return "\n".join(map(json.dumps, rows))
    sep = {"tsv": "\t"}.get(ending, ",")
    names = ("order_id", "customer_id", "amount")
    lines = [sep.join(names), *(sep.join(str(row[name]) for name in names) for row in rows)]
    return "\n".join(lines) + "\n"


def write(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    *_, ending, packed = ["", *path.name.split(".")] if path.suffix in (".gz", ".zst") else [
        "", *path.name.split("."), "",
    ]  # fmt: skip
    if ending == "parquet" or packed == "zst":
        (path.parent / "rows.ndjson").write_text(text(rows, "ndjson"))
        read = f"select * from read_json('{path.parent}/rows.ndjson', sample_size = -1)"
        how = "format parquet" if ending == "parquet" else "format csv, compression zstd"
        with duckdb.connect() as con:
            con.execute(f"copy ({read}) to '{path}' ({how})")
        (path.parent / "rows.ndjson").unlink()
    elif packed == "gz":
        path.write_bytes(gzip.compress(text(rows, ending).encode()))
    else:
        path.write_text(text(rows, ending))
    return str(path)


ENDINGS = (
    "csv", "csv.gz", "csv.zst", "tsv", "tsv.gz", "txt", "json", "json.gz", "ndjson", "ndjson.gz",
    "jsonl", "parquet",
)  # fmt: skip


@first_in_gate("ending", ENDINGS, first=5)
def test_each_format_is_read_by_the_fit_and_by_the_views(con, tmp_path, ending):
    path = write(tmp_path / f"sales.{ending}", ROWS)
    fitted(con, transactions=path, **COLUMNS)
    total = "select sum(monetary), min(customer_id::varchar) from segments.customer_segments"
    assert con.execute(total).fetchone() == (money(ROWS), "000")
    with Refresh(con) as refresh:
        assert refresh.prepare(full=True).customers == 20


@pytest.mark.parametrize("ending", ["json", "ndjson", "jsonl.gz"])
def test_late_cents_and_keys_of_json_are_read(con, tmp_path, ending):
    path = write(tmp_path / f"sales.{ending}", LATE)
    seen = look(con, transactions=path, **COLUMNS | {"amount": "amount + coalesce(tip, 0)"})
    assert seen.money == money(LATE) + 1


@pytest.mark.parametrize("ending", ["csv", "json", "parquet"])
def test_profiles_points_and_labels_of_each_format(con, tmp_path, ending):
    fitted(con, transactions=write(tmp_path / "sales.csv", ROWS), **COLUMNS)
    query = "select customer_id, monetary, frequency, 1 as customers from segments.customer_profile"
    path = tmp_path / f"profiles.{ending}"
    con.execute(f"copy ({query}) to '{path}'")
    with duckdb.connect() as other:
        assert look(other, profile=str(path)).money == money(ROWS)
        assert fitted(other, points=str(path)) is not None
    result = label(con, str(path), tmp_path / "labelled.parquet")
    assert (result.rows, result.unlabelled) == (20, 0)


@first_in_gate("ending", ["csv", "csv.gz", "json", "parquet"], first=2)
def test_customers_are_excluded_by_a_list_of_each_format(con, tmp_path, ending):
    sales = write(tmp_path / "sales.json", ROWS)
    listed = write(tmp_path / f"no.{ending}", [ROWS[3]])
    left = [row for row in ROWS if row["customer_id"] != "003"]
    assert look(con, transactions=sales, **COLUMNS, exclude=listed).money == money(left)


@pytest.mark.parametrize(
    ("ending", "slash"), each_once(["parquet", "csv", "csv.gz", "ndjson"], ["", "/"])
)
def test_a_folder_is_all_files_in_it_and_those_that_come_later(con, tmp_path, ending, slash):
    write(tmp_path / f"sales/2023/a.{ending}", ROWS[:100])
    write(tmp_path / f"sales/b.{ending}", ROWS[100:150])
    (tmp_path / "sales/_SUCCESS").touch()
    (tmp_path / "sales/.part.csv.crc").touch()
    folder = f"{tmp_path}/sales{slash}"
    fitted(con, transactions=folder, **COLUMNS)
    total = "select sum(monetary) from segments.customer_segments"
    assert con.execute(total).fetchone() == (money(ROWS[:150]),)
    write(tmp_path / f"sales/2024/c.{ending}", ROWS[150:])
    assert con.execute(total).fetchone() == (money(ROWS),)
    with Refresh(con) as refresh:
        refresh.prepare()
        refresh.store()
    assert con.execute(f"{total}_snapshot").fetchone() == (money(ROWS),)
    assert label(con, folder, tmp_path / "out.csv", monetary="amount", frequency="1").rows == 200


@pytest.mark.parametrize("ending", ["parquet", "csv", "json"])
def test_partitions_of_a_folder_are_columns_of_text(con, tmp_path, ending):
    """A shop 007 stays 007; numbers compare all the same."""
    for store, year, part in (
        ("007", 2023, ROWS[:100]),
        ("08", 2024, ROWS[100:150]),
        ("7", 2024, ROWS[150:]),
    ):
        rows = [{key: row[key] for key in row if key != "customer_id"} for row in part]
        text_rows = rows if ending != "csv" else part
        write(tmp_path / f"lake/store={store}/year={year}/p.{ending}", text_rows)
    source = {"transactions": f"{tmp_path}/lake", **COLUMNS | {"customer": "store"}}
    fitted(con, **source)
    found = con.execute("select customer_id, monetary from segments.customer_segments order by all")
    assert found.fetchall() == [
        ("007", money(ROWS[:100])),
        ("08", money(ROWS[100:150])),
        ("7", money(ROWS[150:])),
    ]
    assert look(con, **source, where="year = 2024").money == money(ROWS[100:])


def test_a_folder_of_several_formats_names_a_glob_of_each(con, tmp_path):
    write(tmp_path / "sales/a.csv", ROWS)
    write(tmp_path / "sales/x/b.parquet", ROWS)
    message = said(con, transactions=f"{tmp_path}/sales", **COLUMNS)
    assert "files of several formats" in message
    globs = [f"{tmp_path}/sales/**/*.csv", f"{tmp_path}/sales/**/*.parquet"]
    assert message.endswith(f"Name one: {globs[0]!r} or {globs[1]!r}.")
    for one in globs:
        assert look(con, transactions=one, **COLUMNS).money == money(ROWS)
    (tmp_path / "empty").mkdir()
    assert "no data file in the folder" in said(con, transactions=f"{tmp_path}/empty", **COLUMNS)


def test_a_table_comes_before_a_folder_of_its_name(con, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "sales/a.parquet", ROWS)
    assert "write './sales'" in said(con, transactions="sales", **COLUMNS)
    assert look(con, transactions="./sales", **COLUMNS).money == money(ROWS)
    con.execute("create table sales as from 'sales/a.parquet' limit 10")
    assert look(con, transactions="sales", **COLUMNS).money == money(ROWS[:10])
