"""A database that somebody else made reads no files of its own choice."""

from __future__ import annotations

import os
import re
import shlex

import duckdb
import pytest

import segmenter
from segmenter import SegmenterError
from segmenter.cli.database_file import open_model, workplace
from segmenter.schema import shadowing
from segmenter.workplace import confinement
from tests.combinations import first_in_gate
from tests.datasets import SHOP

FIT = (
    "--transactions", "sales", "--customer", "customer_id", "--amount", "amount",
    "--order", "order_id", "--date", "sold_at",
)  # fmt: skip

COLUMNS = FIT[2:]

SECRET = "the-secret-of-somebody"


@pytest.fixture
def secret(tmp_path):
    """A folder elsewhere with a secret in several forms."""
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "id_rsa").write_text(SECRET)
    (folder / "secret.csv").write_text(f"content\n{SECRET}\n")
    (folder / "secret.json").write_text(f'{{"content": "{SECRET}"}}')
    duckdb.execute(f"copy (select '{SECRET}' as content) to '{folder}/secret.parquet'")
    return folder


@pytest.fixture
def shop_file(fitted_file, tmp_path):
    folder = tmp_path / "shop"
    folder.mkdir()
    return fitted_file(SHOP, *FIT).rename(folder / "shop.duckdb")


READERS = (
    "read_text('{0}/id_rsa')",
    "read_text('{0}/../home/id_*')",
    "(select content::varchar as content from read_blob('{0}/id_rsa'))",
    "read_csv('{0}/secret.csv')",
    "read_parquet('{0}/secret.parquet')",
    "read_json('{0}/secret.json')",
    "'{0}/secret.parquet'",
    "(select file as content from glob('{0}/*'))",
    "(select columns::varchar as content from sniff_csv('{0}/secret.csv'))",
    "(select file_name as content from parquet_metadata('{0}/secret.parquet'))",
    "query('from read_text(''{0}/id_rsa'')')",
)


def poison(path, reader):
    """Let whatever the software asks of a file read something else."""
    with duckdb.connect(str(path)) as con:
        stolen = f"(select max(content) from {reader})"
        con.execute(f"create macro main.stolen() as {stolen}")
        con.execute("alter table sales rename to lines")
        con.execute(
            "create view sales as select * replace (customer_id || stolen() as customer_id) "
            "from lines"
        )
        for view in ("customer_segments", "segment_rules"):
            con.execute(f"alter view segments.{view} rename to honest_{view}")
            con.execute(
                f"create view segments.{view} as select * replace (segment || stolen() as segment) "
                f"from segments.honest_{view}"
            )
        con.execute(
            "create or replace macro main.classify_segment(monetary, frequency) as "
            "stolen() || monetary || frequency"
        )


VERBS = {
    "segments": (),
    "customers": (),
    "rules": (),
    "classify": ("250", "3"),
    "refresh": ("--full",),
    "drift": (),
    "moves": ("--from", "2024-02-01", "--to", "2024-03-01"),
    "backtest": ("--as-of", "2024-03-01"),
    "report": ("-o", "report.html", "--overwrite"),
    "label": ("--input", "profiles.csv", "--output", "out.csv"),
    "fit": (*FIT, "--publish"),
}


def said_of(result, secret):
    assert result.code == 2, result.out + result.err
    assert result.err.count("\n") >= 1
    last = result.err.splitlines()[-1]
    assert last.startswith("segmenter: ")
    assert SECRET not in result.out + result.err
    assert "--allow" in last
    assert "in this session only" not in last
    return last


@pytest.mark.parametrize("verb", VERBS)
def test_no_verb_reads_what_is_not_the_database_s(
    run, shop_file, secret, verb, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "profiles.csv").write_text("monetary,frequency\n250,3\n")
    poison(shop_file, READERS[0].format(secret))
    result = run(verb, shop_file, *VERBS[verb])
    assert f"the database reads {secret}/id_rsa, which is neither" in said_of(result, secret)
    assert sorted(os.listdir(tmp_path)) == ["home", "profiles.csv", "shop"]
    assert SECRET.encode() not in shop_file.read_bytes()


@pytest.mark.parametrize("reader", READERS)
def test_nothing_else_reads_it_either(run, shop_file, secret, reader):
    poison(shop_file, reader.format(secret))
    said_of(run("segments", shop_file), secret)


@pytest.mark.parametrize("allowed", ["the file", "the folder", "all"])
def test_the_advice_of_the_refusal_works(run, shop_file, secret, allowed):
    poison(shop_file, READERS[0].format(secret))
    refused = said_of(run("classify", shop_file, "250", "3"), secret)
    first, second = re.findall(r"--allow (\S+?)[,.]? ?(?=or|$)", refused)
    assert second == "all"
    path = {"the file": shlex.split(first)[0], "the folder": secret, "all": second}[allowed]
    result = run("classify", shop_file, "250", "3", "--allow", path)
    assert result.code == 0
    assert SECRET in result.out
    assert run("classify", shop_file, "250", "3").code == 2  # allowed for once


def test_what_is_allowed_must_be_there(run, shop_file, tmp_path, monkeypatch):
    monkeypatch.setattr(confinement, "load_readers", lambda con, urls, **_: list(urls))
    result = run("segments", shop_file, "--allow", tmp_path / "nothing")
    assert (result.code, result.out) == (2, "")
    assert "allows nothing: there is no such file or folder" in result.err
    for allowed in (tmp_path, "s3://bucket/sales.parquet", "https://example.org/*.csv", "all"):
        assert run("segments", shop_file, "--allow", allowed).code == 0


def test_data_below_the_database_s_folder_is_its_own(run, shop_file):
    exports = shop_file.parent / "exports"
    exports.mkdir()
    with duckdb.connect(str(shop_file)) as con:
        con.execute(f"copy (from sales where order_id % 2 = 0) to '{exports}/a b.csv'")
        con.execute(f"copy (from sales where order_id % 2 = 1) to '{exports}/c.csv'")
        con.execute(f"create view read as from read_csv('{exports}/*.csv')")
        con.execute(f"create view named as from '{exports}/a b.csv'")
    for view in ("read", "named"):
        fitted = run("fit", shop_file, "--transactions", view, *COLUMNS, "--publish", "--replace")
        assert fitted.code == 0, fitted.err
        assert run("refresh", shop_file, "--full").code == 0
        assert run("segments", shop_file).code == 0


def test_what_lies_there_is_not_if_it_is_no_table_or_lies_elsewhere(run, shop_file, secret):
    here = shop_file.parent
    (here / "id_rsa").write_text(SECRET)
    (here / "link.csv").symlink_to(secret / "secret.csv")
    (here / "linked").symlink_to(secret)
    for name in ("id_rsa", "link.csv", "linked/secret.csv", "*/secret.csv"):
        reader = "read_csv" if name.endswith("csv") else "read_text"
        with duckdb.connect(str(shop_file)) as con:
            if name == "id_rsa":
                con.execute("alter view segments.customer_segments rename to honest")
            con.execute(
                "create or replace view segments.customer_segments as select * replace ("
                f"(select max(content) from {reader}('{here}/{name}')) as segment) "
                "from segments.honest"
            )
        assert name in said_of(run("segments", shop_file), secret)


def test_files_that_a_model_was_fitted_to_are_its_own(run, shop_file, tmp_path):
    lake = tmp_path / "lake" / "day=1"
    lake.mkdir(parents=True)
    (tmp_path / "out").mkdir()
    with duckdb.connect(str(shop_file)) as con:
        con.execute(f"copy sales to '{lake}/sales.parquet'")
        con.execute(f"copy (select 5 as customer_id) to '{lake}/excluded.csv'")
        con.execute(f"copy (select 250 as monetary, 3 as frequency) to '{lake}/profiles.csv'")
    words = ("--transactions", lake.parent / "*" / "*.parquet", *COLUMNS)
    fitted = run(
        "fit", shop_file, *words, "--exclude", lake / "excluded.csv", "--publish", "--replace"
    )
    assert fitted.code == 0, fitted.err
    assert run("refresh", shop_file, "--full").code == 0
    assert run("segments", shop_file).code == 0
    assert run("backtest", shop_file, "--as-of", "2024-03-01").code == 0
    # of an earlier version, too
    assert run("fit", shop_file, *FIT, "--publish", "--replace").code == 0
    assert run("rollback", shop_file, "2").code == 0
    output = tmp_path / "out" / "labelled.csv"
    assert run("label", shop_file, "--input", lake / "profiles.csv", "--output", output).code == 0
    raw = ("--input", lake / "sales.parquet", "--output", output, "--overwrite")
    assert run("label", shop_file, *raw, *COLUMNS).code == 0


def test_a_source_that_is_no_table_by_its_name_opens_nothing(run, shop_file, secret):
    with duckdb.connect(str(shop_file)) as con:
        con.execute(
            "update segments_internal.models set source = json_object('transactions', $1::varchar, "
            "'customer', 'content', 'amount', '1')",
            [f"{secret}/id_rsa"],
        )
    poison(shop_file, READERS[0].format(secret))
    said_of(run("segments", shop_file), secret)


def test_a_connection_of_the_command_line_is_closed_to_the_rest(shop_file):
    names = "enable_external_access", "autoinstall_known_extensions", "autoload_known_extensions"
    for opening in (open_model, workplace):
        with opening(shop_file) as opened:
            con = opened if opening is open_model else opened.con
            for name in names:
                assert con.execute("select current_setting($1)", [name]).fetchone() == (False,)
            with pytest.raises(duckdb.Error, match="allowed_paths"):
                con.execute("set allowed_paths = ['/']")
            for statement in ("copy (select 1) to '/tmp/written.csv'", "attach '/tmp/made.duckdb'"):
                with pytest.raises(duckdb.PermissionException):
                    con.execute(statement)


def test_a_file_that_came_meanwhile_is_called_that(tmp_path, monkeypatch):
    monkeypatch.setattr(confinement, "_patterns", {f"{tmp_path}/*.csv"})
    (tmp_path / "new.csv").write_text("")
    refusal = (
        f'sales cannot be read: Permission Error: Cannot access file "{tmp_path}/new.csv" - file '
        "system operations are disabled by configuration."
    )
    assert confinement.explained(refusal) == (
        f"sales cannot be read: {tmp_path}/new.csv came while this command worked. Run it again."
    )


def test_extensions_are_not_loaded():
    assert confinement.explained(
        'Scalar Function with name "st_point" is not in the catalog, but it exists in the spatial '
        "extension."
    ).endswith("Extensions are loaded only for a database that you trust, with allow = 'all'.")


SHADOWS = (
    "macro round(x, y) as 42",
    "macro list_extract(x, y) as 'Elite'",
    "macro hash(x) as 7",
    "macro floor(x) as 7",
    'macro "+"(x, y) as 7',
    "macro list_value(x) as 7",
    "macro quantile_cont(x, y) as 7",
    "macro duckdb_tables() as table select 'models' as table_name",
    "macro current_database() as 'other'",
    "macro segments.best_segment(monetary, frequency) as 'Elite'",
)


@pytest.mark.parametrize("shadow", SHADOWS)
def test_macros_that_hide_what_we_call_are_refused(run, shop_file, shadow):
    with duckdb.connect(str(shop_file)) as con:
        con.execute(f"create {shadow}")
    for words in (("segments", shop_file), ("refresh", shop_file), ("fit", shop_file, *FIT)):
        result = run(*words)
        assert result.code == 2
        assert result.err.startswith("segmenter: the macro ")
        assert result.err.count("\n") == 1
    advice = re.search(r": (drop macro .*)\.$", result.err)[1]
    with duckdb.connect(str(shop_file)) as con:
        con.execute(advice)
    assert run("segments", shop_file).code == 0


@first_in_gate("shadow", [*SHADOWS[:-1], "temp macro hash(x) as 7"], first=3)
def test_a_fit_in_python_refuses_them_too(shop, sales, shadow):
    shop.execute(f"create {shadow}")
    with pytest.raises(SegmenterError, match=r"hides DuckDB's own") as refused:
        segmenter.fit(shop, sales)
    shop.execute(re.search(r": (drop macro .*)\.$", str(refused.value))[1])
    segmenter.fit(shop, sales)


READING = (
    ("segments",),
    ("customers", "--upgrades"),
    ("explain", "--id", "7"),
    ("moves", "--from", "2024-02-01", "--format", "csv"),
    ("drift",),
    ("refresh", "--full"),
    ("backtest", "--as-of", "2024-02-15"),
    ("fit", *FIT, "--window", "60 days", "--currency", "'EUR'", "--dry-run"),
    ("export", "--dialect", "duckdb"),
)


@pytest.mark.slow
def test_what_hides_no_function_of_ours_changes_nothing(run, shop_file):
    """All functions that are not refused, as macros: our SQL calls none of them."""
    before = [run(verb, shop_file, *words).out for verb, *words in READING]
    assert all(before)
    with duckdb.connect(str(shop_file)) as con:
        for name in _free_names(con):
            overloads = (f"({', '.join('abcde'[:count])}) as 'hidden'" for count in range(6))
            con.execute(f'create macro main."{name}"{", ".join(overloads)}')
    for (verb, *words), expected in zip(READING, before, strict=True):
        result = run(verb, shop_file, *words)
        assert (result.code, result.out) == (0, expected), result.err


def _free_names(con):
    """Return the names of all built-in functions that a macro may have."""
    found = con.execute(
        "select distinct lower(function_name) from system.main.duckdb_functions() "
        "where internal and function_type in ('scalar', 'aggregate', 'macro') order by 1"
    ).fetchall()
    refused = shadowing._called()
    return [name for (name,) in found if re.match(r"[a-z_]\w*$", name) and name not in refused]


def test_a_macro_cannot_hide_the_check(run, shop_file):
    with duckdb.connect(str(shop_file)) as con:
        con.execute("create macro round(x, y) as 1; create macro lower(x) as 'mine'")
    result = run("segments", shop_file)
    assert result.code == 2
    assert "hides DuckDB's own" in result.err


def test_macros_of_their_own_names_are_welcome(run, shop_file):
    with duckdb.connect(str(shop_file)) as con:
        con.execute("create macro net(x) as round(x / 1.19, 2)")
        con.execute("create macro levenshtein(x, y) as 0")  # ours do not call it
        con.execute("create schema mine; create macro mine.round(x) as 1")
    assert run("segments", shop_file).code == 0
