"""The first run compiles every kernel, so that no later one has to."""

from __future__ import annotations

import os
import subprocess
import sys
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
