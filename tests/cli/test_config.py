"""``segmenter.toml``: options that need not be typed."""

from __future__ import annotations

import duckdb
import pytest

from tests.datasets import SHOP


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with sales, which commands run in."""
    monkeypatch.chdir(tmp_path)
    with duckdb.connect("shop.duckdb") as con:
        con.execute(SHOP)
    return tmp_path


FIT = """
[fit]
transactions = "sales"
customer = "customer_id"
amount = "amount"
levels = 1
as_of = 2024-12-31
date = "sold_at"
forget-points = true
"""


def current(query):
    with duckdb.connect("shop.duckdb", read_only=True) as con:
        return con.execute(
            f"select {query} from segments_internal.models where is_current"
        ).fetchone()[0]


def test_what_is_not_typed_is_taken_from_the_file_and_said(run, here):
    (here / "segmenter.toml").write_text(FIT)
    result = run("fit", "shop.duckdb")
    assert result.code == 0
    said = (
        "  options of segmenter.toml, unless typed: --transactions, --customer, --amount, "
        "--levels, --as-of, --date, --forget-points\n"
    )
    assert result.err.startswith(said)
    assert current("settings->>'levels'") == "1"
    assert current("settings->>'forget_points'") == "true"
    assert current("source->>'as_of'").startswith("2024-12-31")


def test_what_is_typed_wins(run, here):
    (here / "segmenter.toml").write_text(FIT)
    assert run("fit", "shop.duckdb", "--levels", "2", "--quiet").err == ""
    assert current("settings->>'levels'") == "2"


def test_what_stands_above_the_tables_holds_for_verbs_that_have_it(run, here):
    (here / "segmenter.toml").write_text(f'format = "csv"\nwait = 1\nfull = true\n{FIT}')
    assert run("fit", "shop.duckdb", "--quiet").out.startswith("segment,segment_rank,customers")
    assert run("prune", "shop.duckdb", "--keep", "1").code == 0  # which has no --format
    assert "Adding up all customers" in run("refresh", "shop.duckdb").err


def test_a_variable_names_another_file(run, here, monkeypatch):
    (here / "night.toml").write_text(FIT)
    monkeypatch.setenv("SEGMENTER_CONFIG", "night.toml")
    assert "options of night.toml, unless typed: " in run("fit", "shop.duckdb").err
    monkeypatch.setenv("SEGMENTER_CONFIG", "none.toml")
    result = run("segments", "shop.duckdb")
    assert result.code == 2
    assert "there is no file none.toml, and SEGMENTER_CONFIG asks for it" in result.err


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("wait = ", "segmenter.toml is not TOML"),
        (
            "[fitt]\nlevels = 1",
            "has a table [fitt], and there is no such verb. Did you mean 'fit'?",
        ),
        ("[fit]\nlevel = 1", "there is no option --level of segmenter fit. Did you mean 'levels'?"),
        ("waitt = 1", "there is no option --waitt of any verb. Did you mean 'wait'?"),
        ("[fit]\nlevels = true", "gives levels the value true, and --levels takes a value."),
        ("[fit]\npublish = 1", "gives publish the value 1, and --publish is true or false."),
        ("[fit]\nnames = ['A', 'B']", "--names takes one value."),
        ("[fit]\ncsv = 'delim=;'", "--csv may be repeated: give a list."),
        ("[fit]\ntransactions.a = 1", "--transactions takes one value"),
        ("allow = ['all']", "has allow, which a file cannot give. Type --allow where it is meant."),
        ("[segments]\nallow = ['all']", "has allow, which a file cannot give"),
        ("wait = 'long'", "invalid value for '--wait'"),
    ],
)
def test_what_a_file_cannot_say_is_refused_with_its_name(run, here, text, sentence):
    (here / "segmenter.toml").write_text(text)
    before = (here / "shop.duckdb").read_bytes()
    result = run("fit", "shop.duckdb")
    assert result.code == 2
    assert sentence in result.err
    assert "Traceback" not in result.err
    assert (here / "shop.duckdb").read_bytes() == before


def test_other_bytes_are_refused(run, here):
    (here / "segmenter.toml").write_bytes(b"\xff\xfe")
    assert "segmenter.toml is not a text in UTF-8" in run("segments", "shop.duckdb").err
    (here / "segmenter.toml").unlink()
    (here / "segmenter.toml").mkdir()
    assert "segmenter.toml cannot be read: Is a directory." in run("segments", "shop.duckdb").err
