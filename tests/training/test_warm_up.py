"""The first run compiles every kernel, so that no later one has to."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest

from segmenter.points import Points
from segmenter.progress import Silent
from segmenter.training.kernels import get_kernels
from tests.choosing import using

ROOT = Path(__file__).parent.parent.parent

NOTHING_THERE = """
from segmenter.training import warm_up

assert not warm_up.all_on_disk()
"""

FIRST_RUN = """
from segmenter.training import warm_up
from segmenter.jit import cache_folder, kernels
from segmenter.progress import Silent

warm_up.all_on_disk = lambda: False  # what is there already need not be compiled again
warm_up.warm_up(Silent())
untouched = [kernel.py_func.__name__ for kernel in kernels._KERNELS if not kernel.signatures]
assert not untouched, untouched
assert kernels.all_on_disk()
assert cache_folder.is_complete(kernels.FOLDER)
"""


@pytest.mark.parametrize("kernels", [True, False])
def test_kernels_are_got_for_what_is_worth_it(monkeypatch, kernels):
    asked = []
    monkeypatch.setattr("segmenter.training.warm_up.warm_up", asked.append)
    listener = Silent()
    with using(kernels):
        get_kernels(Points.group([1, 2, 9], [1, 1, 2]), 5, listener)
    assert asked == [listener] * kernels


def test_a_process_compiles_once_even_where_a_kernel_cannot_be_kept(monkeypatch, tmp_path):
    from segmenter.training import warm_up

    used = []
    monkeypatch.setattr(warm_up, "_is_warm", False)
    monkeypatch.setattr(warm_up, "FOLDER", tmp_path)
    monkeypatch.setattr(warm_up, "drop_older", lambda _: None)
    monkeypatch.setattr(warm_up, "all_on_disk", lambda: False)
    monkeypatch.setattr(warm_up, "_use_clustering", lambda: used.append("clustering"))
    monkeypatch.setattr(warm_up, "_use_classifier", lambda: used.append("classifier"))
    monkeypatch.setattr(warm_up.subprocess, "Popen", lambda *_, **__: nullcontext())
    for _ in range(2):
        warm_up.warm_up(Silent())
    assert used == ["clustering", "classifier"]


def test_kernels_are_the_package_s_alone():
    """Any other would never be on disk when a fit looks, which then compiled all again."""
    from segmenter.jit import kernels
    from segmenter.training import warm_up

    assert warm_up
    found = {compiled.py_func.__module__.partition(".")[0] for compiled in kernels._KERNELS}
    assert found == {"segmenter"}


def run(program, **environment):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    called = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True
    )
    assert called.returncode == 0, called.stderr


def test_a_new_installation_has_compiled_nothing(tmp_path):
    run(NOTHING_THERE, NUMBA_CACHE_DIR=str(tmp_path))


def test_warming_up_compiles_every_kernel():
    run(FIRST_RUN)
