"""The command line: ``segmenter VERB DB ...``."""

from __future__ import annotations

import sys
from typing import NoReturn

from segmenter.cli import stopping, terminal
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
    terminal.prepare()
    stopping.listen()
    try:
        _run()
    except SystemExit as stop:
        if stop.code and stopping.is_asked():
            _interrupted()
        raise
    except BaseException:
        if not stopping.is_asked():
            raise
        _interrupted()  # whatever compiled code made of the signal


def _run() -> None:
    from segmenter.cli.app import UsageError, run

    code = 0
    try:
        with terminal.written_out():
            code = run()
    except UsageError as error:
        _fail(str(error), error.hint)
    except SegmenterError as error:
        _fail(str(error))
    except RecursionError:
        _fail("an expression is nested too deep, or too long. Let a view have it as a column.")
    except Exception as error:
        # The engine's own errors speak to users; anything else is a defect and keeps its traceback.
        if stopping.is_asked() or type(error).__module__.split(".")[0] not in ("duckdb", "_duckdb"):
            raise
        way_out = _WAYS_OUT.get(type(error).__name__, "")
        _fail(f"{first_line(error)}{way_out}")
    else:
        sys.exit(code)


def _interrupted() -> NoReturn:
    told = "the result was stored already" if stopping.has_stored() else "nothing was written"
    terminal.messages.line(f"segmenter: interrupted; {told}.")
    sys.exit(INTERRUPTED)


def _fail(message: str, hint: str | None = None) -> NoReturn:
    terminal.messages.line(f"segmenter: {message}")
    if hint is not None:
        terminal.messages.line(hint)
    sys.exit(2)
