"""What a fit learns from so many points, in NumPy and by kernels, each in a new process.

Both come to the same bits. Kernels are loaded first, and compiled before that where nobody has done
so: that is the break-even, and `segmenter.jit.choice` has its figures from here. The last row is
the first run of an installation beside its second.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measuring import Figure, Row, Scale, timed

SIZES = {
    "small": (1_000, 2_000, 4_000, 8_000, 16_000),
    "full": (1_000, 2_000, 4_000, 8_000, 12_000, 16_000, 32_000),
}
REPEAT = 3
ONCE = 1
"""Compiling takes as long for every size, and long enough."""

LEARN = """
import sys
from benchmarks.ward_layouts import skewed
from segmenter import Settings
from segmenter.jit import choice
from segmenter.points import Points
from segmenter.progress import Silent
from segmenter.training.learning import learn

choice.forced = sys.argv[1] == "kernels"
layout = skewed(int(sys.argv[2]))
learn(Points.group(layout.monetary, layout.frequency), Settings(), Silent())
"""

DEMO = "from segmenter.cli import main; main()"


def measure(scale: Scale) -> Iterator[Row]:
    """Time both, and the first run of an installation."""
    for n in SIZES[scale]:
        plain, kernels = (
            Figure(timed(lambda who=who, n=n: _python(LEARN, who, str(n)), REPEAT))
            for who in ("NumPy", "kernels")
        )
        yield Row(
            "kernels", "learn, NumPy", n, "points", plain, "kernels, compiled before", kernels
        )
    with tempfile.TemporaryDirectory() as place:
        cold = Figure(timed(lambda: _python(LEARN, "kernels", str(n), NUMBA_CACHE_DIR=place), ONCE))
    yield Row("kernels", "learn, NumPy", n, "points", plain, "kernels, to be compiled", cold)
    yield _first_and_second()


def _first_and_second() -> Row:
    first, second = [], []
    for _ in range(REPEAT):
        with tempfile.TemporaryDirectory() as name:
            for taken in (first, second):
                (Path(name) / "demo.duckdb").unlink(missing_ok=True)
                words = ("demo", str(Path(name) / "demo.duckdb"))
                taken += timed(
                    lambda words=words, name=name: _python(DEMO, *words, NUMBA_CACHE_DIR=name), 1
                )
    title = "segmenter demo, first run"
    return Row("kernels", title, 0, "", Figure(first), "second run", Figure(second))


def _python(code: str, *words: str, **changed: str) -> None:
    subprocess.run(
        [sys.executable, "-c", code, *words],
        env=os.environ | changed,
        check=True,
        capture_output=True,
    )
