"""The first run compiles every kernel, so that no later one has to."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent

FIRST_RUN = """
from segmenter import compiled, kernels
from segmenter.progress import Silent

assert not compiled.all_on_disk()
kernels.warm_up(Silent())
missing = [kernel.py_func.__name__ for kernel in compiled._KERNELS
           if not compiled._is_on_disk(kernel)]
assert not missing, missing
"""


def test_warming_up_compiles_every_kernel(tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NUMBA_CACHE_DIR": str(tmp_path)}
    called = subprocess.run(
        [sys.executable, "-c", FIRST_RUN], env=environment, capture_output=True, text=True
    )
    assert called.returncode == 0, called.stderr
