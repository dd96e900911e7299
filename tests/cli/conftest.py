"""The command line in this process, and in one of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

import segmenter
from segmenter import Settings
from segmenter.cli import main
from tests.datasets import load_dataset

ROOT = Path(__file__).parent.parent.parent


class Result:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err


@pytest.fixture
def run(capsys, monkeypatch):
    def call(*words):
        monkeypatch.setattr(sys, "argv", ["segmenter", *map(str, words)])
        code = 0
        try:
            main()
        except SystemExit as stop:
            code = stop.code or 0
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err)

    return call


@pytest.fixture(scope="session")
def fitted_files(tmp_path_factory):
    """What ``fitted_file`` has made, and a folder for it."""
    return {}, tmp_path_factory.mktemp("fitted")


@pytest.fixture
def fitted_file(fitted_files, tmp_path, run):
    """Give a copy of a file with these sales and their model, which is fitted only once.

    With ``versions`` the fit is repeated, so that there are as many of the same model.
    """
    made, folder = fitted_files

    def call(sales, *words, versions=1):
        key = sales, words, versions
        if key not in made:
            before = call(sales, *words, versions=versions - 1) if versions > 1 else None
            path = folder / f"{len(made)}.duckdb"
            if before:
                shutil.copy(before, path)
                assert run("refit", path, "--quiet").code == 0
            else:
                with duckdb.connect(str(path)) as con:
                    con.execute(sales)
                assert run("fit", path, *words, "--quiet").code == 0
            made[key] = path
        return Path(shutil.copy(made[key], tmp_path / "shop.duckdb"))

    return call


@pytest.fixture(scope="session")
def retail_models(tmp_path_factory):
    """Online Retail with a macro, and with a model that has too many rules for one."""
    folder = tmp_path_factory.mktemp("models")
    found = {}
    for name, settings in (("macro", Settings()), ("rules", Settings(max_rules=1))):
        found[name] = folder / f"{name}.duckdb"
        with duckdb.connect(str(found[name])) as con:
            segmenter.fit(con, load_dataset(con, "online_retail"), settings)
    return found


CALL = "import sys; from segmenter.cli import main; sys.argv[0] = 'segmenter'; main()"


@pytest.fixture
def start():
    """Start the command line in a process of its own, to be interrupted or limited."""

    def call(*words, **options):
        return subprocess.Popen(
            [sys.executable, "-c", CALL, *map(str, words)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            **options,
        )

    return call
