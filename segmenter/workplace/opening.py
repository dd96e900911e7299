"""Opening database files: to read, to work on for long and write briefly, or to make."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from segmenter.errors import InputError, SegmenterError, did_you_mean, first_line
from segmenter.jit.threads import limited
from segmenter.schema.connection import first_row
from segmenter.schema.names import STORAGE, require_model
from segmenter.schema.shadowing import refuse_shadows
from segmenter.sources.drafts import private_folder, spill_folder
from segmenter.sources.special_files import refuse_special
from segmenter.workplace.confinement import confine, is_refusal
from segmenter.workplace.placing import cannot_write, check_folder, place
from segmenter.workplace.waiting import Say, patiently, unheard

if TYPE_CHECKING:
    import duckdb

__all__ = [
    "MANNERS",
    "Access",
    "beside",
    "check_writable",
    "checkpoint_draft",
    "limit",
    "new_database",
    "open_model",
    "open_to_read",
    "source_explained",
    "spill_to",
    "threads_of",
]

MANNERS = "set enable_progress_bar = false; set python_enable_replacements = false"
"""DuckDB's own progress bar would go to standard output, among the results; and a name that is no
table must not be looked for among the variables of this program."""


_MAGIC = slice(8, 12)
"""Where a DuckDB file says what it is."""


@dataclass(frozen=True)
class Access:
    """How files are opened.

    Attributes
    ----------
    wait : float, optional
        Seconds to wait while another program has the file open: before the work, where None does
        not wait, and again before a result is stored, where None waits ten.
    allow : tuple of str
        What views of the file may read besides what belongs to it: files, folders, URLs, or 'all'.
    memory_limit, threads : optional
        What the engine may use.
    say : callable
        Hears that it waits.
    warn : callable
        Hears what the user should know of the result.
    """

    wait: float | None = None
    allow: tuple[str, ...] = ()
    memory_limit: str | None = None
    threads: int | None = None
    say: Say = unheard
    warn: Say = unheard


@contextmanager
def open_to_read(
    path: Path, access: Access, *, confined: bool = True
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an existing file without changing it; others may read it meanwhile.

    Parameters
    ----------
    path : Path
    access : Access
    confined : bool, default True
        Whether views and macros may read only what belongs to the file. Otherwise the caller
        confines the connection before any of them is asked.
    """
    _must_exist(path)
    with spill_folder(path.absolute().parent) as folder:
        con = _connect(path, access, read_only=True)
        try:
            spill_to(con, folder)
            limit(con, access)
            if confined:
                confine(con, path, allow=access.allow)
            else:
                refuse_shadows(con)
            with threads_of(con):
                yield con
        finally:
            con.close()


@contextmanager
def open_model(
    path: Path, access: Access, *, confined: bool = True
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an existing file that has a model."""
    with open_to_read(path, access, confined=confined) as con:
        try:
            require_model(con)
        except SegmenterError as error:
            raise type(error)(f"{path}: {error}") from None
        with source_explained(con, path):
            yield con


@contextmanager
def source_explained(con: duckdb.DuckDBPyConnection, path: Path) -> Iterator[None]:
    """Say so when a query of the block fails because the user's table is not what it was."""
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        if not is_refusal(error):
            _look_at_the_source(con, path)
        raise


def _look_at_the_source(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Say so when a query failed because the user's table is not what it was at the fit."""
    from segmenter.engines.duckdb import Embedded
    from segmenter.sources.binding import bind_source
    from segmenter.storage.current import current_model

    _, source, settings = current_model(con)
    if source.is_stored:
        return
    try:
        bind_source(Embedded(con), source, settings)
    except SegmenterError as why:
        raise SegmenterError(
            f"the customers of {path} cannot be read any more: {why} What the model was fitted to "
            "has changed since. Put it back, or fit again to it as it is."
        ) from None


@contextmanager
def new_database(path: Path, *, overwrite: bool) -> Iterator[duckdb.DuckDBPyConnection]:
    """Build a file as a draft and move it into place when all went well."""
    import duckdb

    check_folder(path)
    with beside(path) as folder:
        draft = folder / "draft.duckdb"
        try:
            con = duckdb.connect(str(draft), config={"storage_compatibility_version": STORAGE})
        except duckdb.Error as error:
            raise SegmenterError(f"{path} cannot be created: {first_line(error)}") from None
        try:
            con.execute(MANNERS)
            spill_to(con, folder)
            yield con
            checkpoint_draft(con, path)
        finally:
            con.close()
        place(draft, path, overwrite=overwrite)


def limit(con: duckdb.DuckDBPyConnection, access: Access) -> None:
    """Bound what the engine may use."""
    import duckdb

    for name, value in (("memory_limit", access.memory_limit), ("threads", access.threads)):
        if value is None:
            continue
        try:
            con.execute(f"set {name} = $1", [value])
        except duckdb.Error as error:
            raise InputError(f"{name} = {value!r} does not work: {first_line(error)}") from None


@contextmanager
def threads_of(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Let kernels use no more threads in the block than the connection does."""
    (threads,) = first_row(con, "select current_setting('threads')")
    with limited(threads):
        yield


def check_writable(path: Path, access: Access) -> None:
    """Find out early whether a file can be written, before any work is done."""
    _must_exist(path)
    _connect(path, access, read_only=False).close()


@contextmanager
def beside(path: Path) -> Iterator[Path]:
    """Make a folder for the draft of a database and for temporary files."""
    with ExitStack() as stack:
        try:
            folder = stack.enter_context(private_folder(path.absolute().parent))
        except OSError as error:
            raise cannot_write(path, error.strerror) from None
        yield folder


def spill_to(con: duckdb.DuckDBPyConnection, folder: Path | None) -> None:
    """Keep temporary files apart from those of other processes."""
    con.execute("set temp_directory = $1", [str(folder / "spill") if folder else ""])


def checkpoint_draft(con: duckdb.DuckDBPyConnection, path: Path, name: str = "") -> None:
    """Write all into the file itself; closing it would hide that this failed."""
    import duckdb

    try:
        con.execute(f"checkpoint {name}")
    except duckdb.Error as error:
        raise cannot_write(path, first_line(error)) from None


def _must_exist(path: Path) -> None:
    if path.is_dir():
        raise SegmenterError(f"{path} is a folder, not a DuckDB file.")
    for opened in (path, Path(f"{path}.wal")):
        refuse_special(opened, "Name a DuckDB file.")
    if not path.exists():
        nearby = [file.name for file in path.absolute().parent.glob("*") if file.is_file()]
        hint = did_you_mean(path.name, nearby)
        raise SegmenterError(f"there is no database {path}: no such file.{hint}")
    _refuse_other_files(path)


def _refuse_other_files(path: Path) -> None:
    """Refuse what is no database: DuckDB would take a data file for an empty one that reads it."""
    try:
        with path.open("rb") as file:
            head = file.read(_MAGIC.stop)
    except OSError as error:
        raise SegmenterError(f"{path} cannot be opened: {error.strerror}.") from None
    if head[_MAGIC] != b"DUCK":
        raise SegmenterError(
            f"{path} is not a valid DuckDB database file. Data files are named with "
            "transactions = 'FILE'."
        )


def _connect(path: Path, access: Access, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    import duckdb

    con = patiently(
        lambda: duckdb.connect(str(path), read_only=read_only), path, access.wait, access.say
    )
    con.execute(MANNERS)
    return con
