"""What the pages say to type runs, and prints what they show."""

from __future__ import annotations

import ast
import re
import shlex

import pytest

import segmenter
from segmenter.cli.app import command
from segmenter.cli.config import options_of_file
from tests.docs import reference
from tests.docs.pages import (
    CHECKED,
    ENGINES,
    NOT_RUN,
    ROOT,
    RUN,
    SHOWN,
    anchors,
    blocks,
    files_of_options,
    languages,
    links,
    pages,
    runnable,
)
from tests.docs.sessions import matches, plain_calls


@pytest.mark.parametrize("page", [page for page in pages() if runnable(page)])
def test_every_block_runs_and_prints_what_is_shown(session, page):
    here = session(page)
    for block in runnable(page):
        here.run(block)


@pytest.mark.parametrize("page", [page for page in pages() if runnable(page, "postgres")])
def test_blocks_for_postgres_run(session, warehouse, page):
    here = session(page, WAREHOUSE=warehouse)
    for block in runnable(page, "postgres"):
        here.run(block)


def test_no_block_is_left_out():
    """Each is run, or has a reason; a new language or mark is none that nobody knows."""
    used = set()
    for page in pages():
        assert languages(page) <= {*RUN, *CHECKED, *SHOWN}, page
        for block in blocks(page):
            marks = [word for word in block.needs if not word.endswith(".duckdb")]
            assert set(marks) <= set(ENGINES), f"{page}:{block.line}"
            used |= {how for how in NOT_RUN if block.code.startswith(how)}
    assert used == set(NOT_RUN), "a reason without a block"


def test_options_of_files_exist(tmp_path, monkeypatch):
    files = [text for page in pages() for text in files_of_options(page)]
    assert files
    monkeypatch.chdir(tmp_path)
    for text in files:
        (tmp_path / "segmenter.toml").write_text(text)
        assert options_of_file(command().commands), text


def test_what_schedulers_call_exists():
    """They are no dependencies, so that their blocks do not run."""
    called, typed = set(), []
    for block in blocks("segmenter/cli/schedules.md"):
        if block.language != "python":
            continue
        tree = ast.parse(block.code)
        called |= {
            each.attr
            for each in ast.walk(tree)
            if isinstance(each, ast.Attribute)
            and isinstance(each.value, ast.Name)
            and each.value.id == "shop"
        }
        for each in ast.walk(tree):
            if isinstance(each, ast.Constant) and isinstance(each.value, str):
                typed += re.findall(r"segmenter (\w+ [^|;&}]+)", each.value)
    assert called == {"refresh", "drift", "refit", "publish"}
    assert all(hasattr(segmenter.Database, name) for name in called)
    assert len(typed) == 3
    for words in map(shlex.split, typed):
        command().commands[words[0]].make_context(words[0], words[1:])


@pytest.mark.parametrize("page", pages())
def test_links_lead_somewhere(page):
    for link in links(page):
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        target = (ROOT / page).parent / path if path else ROOT / page
        assert target.exists(), f"{page}: {link}"
        if anchor:
            assert anchor in anchors(str(target.resolve().relative_to(ROOT))), f"{page}: {link}"


@pytest.mark.parametrize("page", reference.PAGES)
def test_the_reference_is_what_the_code_says(page):
    """Written anew by ``python -m tests.docs``."""
    assert reference.written_anew(page) == (ROOT / page).read_text(encoding="utf-8")


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 160


def test_what_is_shown_is_compared():
    assert matches("a\nb\nc\n", "a\n...\nc\n")
    assert matches("a  \n", "a\n")
    assert not matches("a\nb\n", "a\n")
    assert not matches("a\n", "a\nb\n")
    assert not matches("ab\n", "a.\n")


def test_what_runs_without_a_shell():
    assert plain_calls("segmenter fit a.duckdb \\\n  --amount 'x * y' # why; not\n\n") == [
        ["segmenter", "fit", "a.duckdb", "--amount", "x * y"]
    ]
    for code in (
        "python -c pass",
        "segmenter fit *.csv",
        "segmenter fit a.csv > b",
        "segmenter fit $FILE",
        'segmenter fit "$FILE"',
        "segmenter fit a; rm b",
        "segmenter drift || true",
        "echo a\nsegmenter fit",
    ):
        assert plain_calls(code) is None, code
