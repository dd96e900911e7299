"""Wall time of whole commands, each a process of its own; the second runs of each.

The peer is what any program that talks to DuckDB from Python waits for: the interpreter and
``import duckdb``.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measuring import Figure, Row, Scale, timed

REPEAT = 5
COMMAND = "from segmenter.cli import main; main()"
"""What the console script runs."""


def measure(scale: Scale) -> Iterator[Row]:
    """Time the commands; the sizes are the same at both scales."""
    del scale
    with tempfile.TemporaryDirectory() as name:
        made, again = Path(name) / "made.duckdb", Path(name) / "again.duckdb"
        _run(COMMAND, "demo", str(made))
        floor = Figure(timed(lambda: _run("import duckdb"), REPEAT))
        commands = {
            "segmenter --help": ["--help"],
            "segmenter segments DB": ["segments", str(made)],
            "segmenter demo": ["demo", str(again)],
        }
        for title, words in commands.items():
            seconds = []
            for _ in range(REPEAT):
                again.unlink(missing_ok=True)
                seconds += timed(lambda words=words: _run(COMMAND, *words), 1)
            yield Row("startup", title, 0, "", Figure(seconds), "python -c 'import duckdb'", floor)


def _run(code: str, *words: str) -> None:
    subprocess.run([sys.executable, "-c", code, *words], check=True, capture_output=True)
