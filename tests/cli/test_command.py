"""The command itself: how it is started, completed by a shell, prepared ahead of time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import segmenter
from segmenter import InputError
from segmenter.jit.kernels import FOLDER

ROOT = Path(__file__).parent.parent.parent


def module(*words, **variables):
    return subprocess.run(
        [sys.executable, "-m", "segmenter", *words],
        env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
        capture_output=True,
        text=True,
    )


def test_the_module_is_the_command():
    done = module("segments", "none.duckdb")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "segmenter: there is no database none.duckdb: no such file.\n"
    assert module("--version").stdout == f"segmenter {segmenter.__version__}\n"


def test_a_shell_completes_verbs_and_options():
    def completed(line):
        words = line.split(" ")
        done = module(
            _SEGMENTER_COMPLETE="complete_bash",
            COMP_WORDS=line,
            COMP_CWORD=str(len(words) - 1),
        )
        assert done.returncode == 0
        return done.stdout.split()

    assert completed("segmenter re") == ["report", "refresh", "refit"]
    assert completed("segmenter refit --max-") == [
        "--max-share",
        "--max-rules",
        "--max-points",
        "--max-change",
    ]
    # where no shell is among the parents of the process, it has to be named
    named = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    shown = module("--show-completion", "bash", **named).stdout
    assert "complete -o default -F _segmenter_completion segmenter" in shown


def test_kernels_are_compiled_ahead(run):
    first, second = run("warm-up"), run("warm-up")
    assert (first.code, second.code) == (0, 0)
    assert str(FOLDER.parent) in second.err
    assert run("warm-up", "--quiet").err == ""


def test_without_a_place_for_them_it_says_so(run, monkeypatch):
    monkeypatch.setattr("segmenter.jit.kernels.FOLDER", None)
    result = run("warm-up")
    assert result.code == 2
    assert "Set NUMBA_CACHE_DIR to one that can." in result.err


@pytest.mark.parametrize(
    "words",
    [
        ("fit", ":memory:", "--transactions", "sales"),
        ("segments", ":memory:"),
        ("refresh", ":memory:shop"),
        ("inspect", "sales", ":memory:"),
        ("demo", ":memory:"),
    ],
)
def test_a_database_in_memory_is_refused(run, tmp_path, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    result = run(*words)
    assert result.code == 2
    assert "is a database in memory, which ends with whoever opens it" in result.err
    assert os.listdir(tmp_path) == []


def test_python_refuses_it_too():
    with pytest.raises(InputError, match="is a database in memory"):
        segmenter.open(":memory:")
