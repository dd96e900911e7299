"""The suite: ``python -m benchmarks --scale small|full [--only NAME ...] [--out DIR]``.

Runs the parts, prints one table to stdout (what it does meanwhile goes to stderr) and writes
``results.json``, ``results.md`` and plots. See README.md for what each part compares.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

from benchmarks.measuring import Row, Scale, machine, missing
from benchmarks.reporting import print_table, write_json, write_markdown

PARTS = (
    "fit",
    "reading",
    "clustering",
    "classify",
    "label",
    "notebook",
    "stability",
    "meaning",
    "startup",
    "kernels",
    "engines",
)


def main() -> None:
    options = _options()
    options.out.mkdir(parents=True, exist_ok=True)
    _compile_kernels()
    rows: list[Row] = []
    failed = False
    for part in PARTS:
        if options.only and part not in options.only:
            continue
        started = perf_counter()
        try:
            rows.extend(_run(part, options.scale))
        except Exception:  # a peer that breaks down must not lose the hours before it
            traceback.print_exc()
            failed = True
        _say(f"{part}: {perf_counter() - started:.0f} s in all")
        write_json(options.out / "results.json", rows, options.scale, machine())
        write_markdown(options.out / "results.md", rows, options.scale, machine())
    print_table(rows, options.scale)
    _draw(rows, options.out)
    sys.exit(failed)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--scale", choices=["small", "full"], default="small")
    parser.add_argument("--only", nargs="+", choices=PARTS, metavar="NAME", help=", ".join(PARTS))
    parser.add_argument("--out", type=Path, help="folder, benchmarks/results/SCALE when absent")
    options = parser.parse_args()
    options.out = options.out or Path(__file__).parent / "results" / options.scale
    return options


def _run(part: str, scale: Scale) -> Iterator[Row]:
    """Run one part, saying what comes of it."""
    for row in importlib.import_module(f"benchmarks.bench_{part}").measure(scale):
        _say(f"{part}: {row.case}, {row.size:,} {row.things} {row.peer}".rstrip())
        yield row


def _compile_kernels() -> None:
    """Compile once before anything is timed; loading what is compiled is part of the figures."""
    from segmenter.progress import Silent
    from segmenter.training.warm_up import warm_up

    warm_up(Silent())


def _draw(rows: list[Row], folder: Path) -> None:
    absent = missing("matplotlib")
    if absent:
        _say(f"no plots, matplotlib is {absent}")
        return
    from benchmarks.plots import draw

    for path in draw(rows, folder):
        _say(f"wrote {path}")


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
