"""Database files as the command line opens them: what is said of it goes to standard error."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from segmenter.cli.allow import allowed
from segmenter.cli.reply import reply
from segmenter.cli.terminal import messages
from segmenter.schema.connection import first_row
from segmenter.schema.names import INTERNAL
from segmenter.workplace import file, opening
from segmenter.workplace.opening import Access
from segmenter.workplace.waiting import patience, unheard

if TYPE_CHECKING:
    import duckdb

__all__ = ["access", "check_writable", "open_model", "open_to_read", "patience", "workplace"]


def access(
    wait: float | None = None,
    *,
    quiet: bool = False,
    memory_limit: str | None = None,
    threads: int | None = None,
) -> Access:
    """Return how a file is opened, by the options of a verb."""
    return Access(
        wait,
        allowed(),
        memory_limit,
        threads,
        say=unheard if quiet else lambda sentence: messages.line(f"  {sentence}"),
        warn=_warn,
    )


def _warn(sentence: str) -> None:
    reply.note(sentence, "file")
    messages.line(f"segmenter: {sentence}", level="warning")


def open_to_read(
    path: Path, wait: float | None = None, *, quiet: bool = False, confined: bool = True
) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
    """Open an existing file without changing it; others may read it meanwhile."""
    return opening.open_to_read(path, access(wait, quiet=quiet), confined=confined)


@contextmanager
def open_model(
    path: Path,
    wait: float | None = None,
    *,
    quiet: bool = False,
    confined: bool = True,
    memory_limit: str | None = None,
    threads: int | None = None,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an existing file that has a model, which an answer is of."""
    how = access(wait, quiet=quiet, memory_limit=memory_limit, threads=threads)
    with opening.open_model(path, how, confined=confined) as con:
        (model_id,) = first_row(con, f"select model_id from {INTERNAL}.models where is_current")
        reply.of_model(model_id)
        yield con


def check_writable(path: Path, wait: float | None, *, quiet: bool) -> None:
    """Find out early whether a file can be written, before any work is done."""
    opening.check_writable(path, access(wait, quiet=quiet))


def workplace(
    path: Path,
    wait: float | None = None,
    *,
    quiet: bool = False,
    writable: bool = True,
    memory_limit: str | None = None,
    threads: int | None = None,
    reads: Sequence[str] = (),
    attach: Mapping[str, str] | None = file.EMPTY,
) -> AbstractContextManager[file.Workplace]:
    """Open a file for a long command, in whose end the result is stored."""
    how = access(wait, quiet=quiet, memory_limit=memory_limit, threads=threads)
    return file.workplace(path, how, writable=writable, reads=reads, attach=attach)
