"""The command line: ``segmenter VERB DB ...``."""

from __future__ import annotations

import gc
import sys
from typing import NoReturn

from segmenter import stopping
from segmenter.cli import terminal
from segmenter.cli.exit_codes import ExitCode
from segmenter.cli.hidden_libraries import hiding
from segmenter.cli.logs import prepare_logs
from segmenter.cli.parameters import in_options
from segmenter.errors import BusyError, SegmenterError, reason, shortage

__all__ = ["main"]

_FULL = {
    "the memory": "Give the engine more with --memory-limit, say --memory-limit 2GB; what does not "
    "fit is kept on the disk beside the database.",
    "the folder for temporary files": "The folder for temporary files is full, not the memory; it "
    "is on the disk beside the database. Make room there, or give the engine more memory with "
    "--memory-limit.",
    "the disk": "The disk is full. Make room on it.",
}
"""What to do when an engine has used something up."""

_MANY = 50_000
"""Objects that are made before garbage is looked for: trees of SQL are many, and to look after each
few hundred, as Python does, takes a twentieth of a fit."""


def main() -> None:
    """Run the command line; user errors are one or two lines and exit code 2."""
    gc.set_threshold(_MANY)
    terminal.prepare()
    prepare_logs()
    stopping.listen()
    try:
        with hiding():
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
    except UsageError as error:  # in the words of the command line
        _fail(str(error), hint=error.hint)
    except BusyError as error:
        # when all is stored and only showing it failed, the same call would do it all again
        _fail(in_options(str(error)), ExitCode.CANNOT if stopping.stored() else ExitCode.BUSY)
    except SegmenterError as error:
        _fail(in_options(str(error)), hint=getattr(error, "hint", None))
    except RecursionError:
        _fail("an expression is nested too deep, or too long. Let a view have it as a column.")
    except Exception as error:
        # The engine's own errors speak to users; anything else is a defect and keeps its traceback.
        if stopping.is_asked() or type(error).__module__.split(".")[0] not in ("duckdb", "_duckdb"):
            raise
        _fail(f"{reason(error)}{_way_out(error)}")
    else:
        sys.exit(code)


def _way_out(error: Exception) -> str:
    """Return what to add to the engine's own words, by what is full or the kind of its error."""
    full = _FULL.get(shortage(error), "")
    if not full and type(error).__name__ != "IOException":
        return ""
    nothing = "" if stopping.stored() else " Nothing was written."
    return f"{nothing}{f' {full}' if full else ''}"


def _interrupted() -> NoReturn:
    stored = stopping.stored()
    outcome = f"the result was stored already: {stored}" if stored else "nothing was written"
    terminal.messages.line(f"segmenter: interrupted; {outcome}.", level="error")
    sys.exit(ExitCode.STOPPED)


def _fail(message: str, code: int = ExitCode.CANNOT, *, hint: str | None = None) -> NoReturn:
    from segmenter.cli.allow import allowing
    from segmenter.workplace.confinement import explained

    stored = stopping.stored()
    outcome = f" The result is stored all the same: {stored}." if stored else ""
    terminal.messages.line(f"segmenter: {explained(message, allowing)}{outcome}", level="error")
    if hint is not None:
        terminal.messages.command(hint, level="error")
    sys.exit(code)
