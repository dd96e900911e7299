"""The command line: ``segmenter VERB DB ...``."""

from __future__ import annotations

import signal
import sys
from typing import NoReturn

from segmenter.errors import SegmenterError, first_line

__all__ = ["main"]

INTERRUPTED = 130
"""Exit code of a command that was stopped: 128 and the number of the signal."""


_WAYS_OUT = {
    "OutOfMemoryException": " Nothing was written. Give the engine more with --memory-limit, say "
    "--memory-limit 2GB; what does not fit is kept on the disk beside the database.",
    "IOException": " Nothing was written.",
}
"""What to add to the engine's own words, by the kind of its error."""


def main() -> None:
    """Run the command line; user errors are one or two lines and exit code 2."""
    from segmenter.cli.app import app

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # clean up as for Ctrl-C
    try:
        app(prog_name="segmenter")
    except SegmenterError as error:
        _fail(str(error))
    except KeyboardInterrupt:
        _interrupted()
    except SystemExit as stop:
        if stop.code == INTERRUPTED:
            _interrupted()  # Typer ends so on Ctrl-C, without a word
        raise
    except Exception as error:
        if isinstance(error, RuntimeError) and "interrupt" in str(error).lower():
            _interrupted()  # DuckDB's word for Ctrl-C inside a query
        # The engine's own errors speak to users; anything else is a defect and keeps its traceback.
        if type(error).__module__.split(".")[0] not in ("duckdb", "_duckdb"):
            raise
        way_out = _WAYS_OUT.get(type(error).__name__, "")
        _fail(f"{first_line(error)}{way_out}")


def _interrupted() -> NoReturn:
    print("segmenter: interrupted; nothing was written.", file=sys.stderr)
    sys.exit(INTERRUPTED)


def _fail(message: str) -> None:
    print(f"segmenter: {message}", file=sys.stderr)
    sys.exit(2)
