"""``segmenter report``: the files, and what goes wrong."""

from __future__ import annotations

import duckdb
import pytest

from segmenter.report import vega
from tests.report.bases import TWELVE

FIT = ("--transactions", "sales", "--customer", "customer_id", "--amount", "amount")
MORE = ("--order", "order_id", "--date", "sold_at", "--n-neighbors", "1", "--quiet")


@pytest.fixture
def shop_file(fitted_file):
    return fitted_file(TWELVE, *FIT, *MORE)


def test_a_page_and_its_pictures(run, shop_file, tmp_path):
    page, folder = tmp_path / "report.html", tmp_path / "pictures"
    result = run("report", shop_file, "-o", page, "--png", folder)
    assert result.code == 0, result.err
    assert "12 customers" in result.err
    assert "<title>Customer segments of sales</title>" in page.read_text(encoding="utf-8")
    pictures = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert {"customers-and-revenue.png", "map.png", "lifecycle.png", "moves.png"} <= set(pictures)
    for picture in pictures.values():
        assert picture.startswith(b"\x89PNG")
        assert len(picture) < 400_000
    again = run("report", shop_file, "-o", page, "--overwrite", "--quiet")
    assert (again.code, again.out, again.err) == (0, "", "")


def test_nothing_is_left_beside_the_page(run, shop_file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = shop_file.read_bytes()
    assert run("report", shop_file).code == 0
    assert {path.name for path in tmp_path.iterdir()} == {"shop.duckdb", "report.html"}
    assert shop_file.read_bytes() == before


def test_files_of_others_stay(run, shop_file, tmp_path):
    page = tmp_path / "mine.html"
    page.write_text("mine")
    result = run("report", shop_file, "-o", page)
    assert result.code == 2
    assert "mine.html exists already" in result.err
    assert page.read_text() == "mine"
    (tmp_path / "map.png").write_bytes(b"mine too")
    result = run("report", shop_file, "-o", tmp_path / "report.html", "--png", tmp_path)
    assert result.code == 2
    assert "map.png exists" in result.err
    assert not (tmp_path / "report.html").exists()
    assert run("report", shop_file, "-o", page, "--overwrite").code == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("-o", "nowhere/report.html"), "there is no folder"),
        (("-o", "."), "is a folder"),
        (("--png", "shop.duckdb"), "is a file"),
        (("-o", "shop.duckdb", "--overwrite"), "is the database itself"),
        (("--since", "soon"), "--since must be a date"),
        (("--since", "2030-01-01"), "must be before the newest order"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_written(
    run, shop_file, tmp_path, monkeypatch, words, message
):
    monkeypatch.chdir(tmp_path)
    result = run("report", "shop.duckdb", *words)
    assert result.code == 2
    assert message in result.err
    assert [path.name for path in tmp_path.iterdir()] == ["shop.duckdb"]


def test_it_needs_a_model(run, tmp_path):
    path = tmp_path / "empty.duckdb"
    duckdb.connect(str(path)).close()
    result = run("report", path, "-o", tmp_path / "report.html")
    assert result.code == 2
    assert "has no model yet" in result.err


@pytest.mark.parametrize("absent", ["altair", "jinja2", "vl_convert"])
def test_it_says_what_to_install(run, shop_file, monkeypatch, absent):
    find_spec = vega.find_spec
    monkeypatch.setattr(vega, "find_spec", lambda name: None if name == absent else find_spec(name))
    result = run("report", shop_file)
    assert result.code == 2
    assert "pip install 'duckdb-segmenter[report]'" in result.err


@pytest.fixture
def no_helper(monkeypatch):
    """Let the helper process fail, and the script be bundled_script here."""
    monkeypatch.setattr(vega.sys, "executable", "/bin/false")
    monkeypatch.setattr(vega, "_javascript", lambda: "bundled_script here")


def test_the_script_is_kept_on_disk(tmp_path, monkeypatch, no_helper):
    kept = tmp_path / "cache" / "vega.js"
    monkeypatch.setattr(vega, "_cached_script", lambda: kept)
    with vega.bundled_script() as library:
        assert library() == "bundled_script here"
    assert kept.read_text(encoding="utf-8") == "bundled_script here"
    kept.write_text("from the disk")
    with vega.bundled_script() as library:
        assert library() == "from the disk"


def test_an_installation_that_cannot_be_written_gathers_each_time(tmp_path, monkeypatch, no_helper):
    (tmp_path / "file").touch()
    monkeypatch.setattr(vega, "_cached_script", lambda: tmp_path / "file" / "vega.js")
    with vega.bundled_script() as library:
        assert library() == "bundled_script here"
