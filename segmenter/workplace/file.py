"""Where long commands work: reading a database for long, writing it briefly, or making it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from segmenter import stopping
from segmenter.errors import BusyError, first_line
from segmenter.schema.names import STORAGE, schema_of_tables
from segmenter.sources.drafts import spill_folder
from segmenter.workplace.confinement import allowed_attachments, confine
from segmenter.workplace.opening import (
    MANNERS,
    Access,
    beside,
    check_writable,
    checkpoint_draft,
    limit,
    open_model,
    source_explained,
    spill_to,
    threads_of,
)
from segmenter.workplace.placing import check_folder, check_free, place
from segmenter.workplace.waiting import patience, patiently

if TYPE_CHECKING:
    import duckdb

__all__ = ["Workplace", "open_to_copy", "workplace"]

EMPTY: Mapping[str, str] = {}
"""No other databases."""


class Workplace:
    """Where a long command works: a connection in memory with the file attached to it.

    The file is attached for reading while the command works, so that others can read it
    meanwhile, and for writing only while the result is stored. Temporary tables outlive the change.

    Attributes
    ----------
    con : DuckDBPyConnection
    path : Path
        The file, which need not exist yet.
    """

    is_writable = False

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        path: Path,
        folder: Path | None,
        access: Access,
        reads: Sequence[str],
        attach: Mapping[str, str] | None = None,
    ) -> None:
        from sqlglot import exp

        from segmenter.sources.attachments import attach_databases

        self.con = con
        self.path = path
        self._folder = folder
        self._access = access
        self._name = exp.to_identifier(_catalog_name(path), quoted=True).sql(dialect="duckdb")
        self._is_new = not path.exists()
        if not self._is_new:
            self._attach(path, "read_only", access.wait)
            # nothing can be attached any more once the connection is confined
            if attach is None:
                attach = allowed_attachments(con, path, access.allow)
            attach_databases(con, attach)
            confine(con, path, reads, allow=access.allow)  # before anything of the file is asked
            self._versions = self._read_versions()

    @contextmanager
    def writing(self, words: str) -> Iterator[None]:
        """Store results in the file, or make it as a draft and move it into place.

        Parameters
        ----------
        words : str
            What is true of the file once the block has committed, for who is interrupted.

        Raises
        ------
        BusyError
            Another program has the file open, or has changed what the results rest on.
        """
        import duckdb

        stopping.check()
        if self._is_new:
            assert self._folder is not None, "it was opened to be read only"
            draft = self._folder / "draft.duckdb"
            self._attach(draft, f"storage_version '{STORAGE}'")
            yield
            checkpoint_draft(self.con, self.path, self._name)
            self._detach()
            place(draft, self.path, overwrite=False)
            return
        self._detach()
        self._attach(self.path, "read_write", patience(self._access.wait))
        self._refuse_changes()
        with stopping.commits_mean(f"in {self.path} {words}"):
            yield
        with stopping.held():
            self._checkpoint()
            with suppress(duckdb.Error):  # all is in the file, or in the log beside it
                self._detach()

    def _attach(self, path: Path, options: str, wait: float | None = None) -> None:
        from sqlglot import exp

        file = exp.Literal.string(str(path)).sql(dialect="duckdb")
        statement = f"attach {file} as {self._name} ({options})"
        patiently(lambda: self.con.execute(statement), self.path, wait, self._access.say)
        self.con.execute(f"use {self._name}")

    def _detach(self) -> None:
        self.con.execute(f"use memory; detach {self._name}")

    def _checkpoint(self) -> None:
        """Move what is committed from the log into the file, or say why it stays there."""
        import duckdb

        try:
            self.con.execute(f"checkpoint {self._name}")
        except duckdb.Error as error:
            self._access.warn(
                f"the result is stored, but not in {self.path} itself: "
                f"{first_line(error)} It is in {self.path}.wal. Keep the two files together and "
                "see that their disk has room and works; whoever opens the database for writing "
                "next moves it over."
            )

    def _read_versions(self) -> list[tuple[object, ...]]:
        """Return what tells the stored models and the snapshot from others."""
        import duckdb

        schema = schema_of_tables(self.con)
        if schema is None:
            return []
        query = f"""
            select model_id, is_current, fitted_at from {schema}.models
            union all
            select model_id, null, refreshed_at from {schema}.snapshots
            order by all
        """
        try:
            return self.con.execute(query).fetchall()
        except (duckdb.CatalogException, duckdb.BinderException):
            return []  # of another layout, which is refused with a sentence

    def _refuse_changes(self) -> None:
        """Refuse to store what rests on models that are not the same any more.

        Nobody could write while the file was attached for reading, but between that and now. Rows
        that came into the user's tables are as if they came a moment later.
        """
        if self._read_versions() != self._versions:
            raise BusyError(
                f"somebody else stored a model or a snapshot in {self.path} while this command "
                "worked, and its result does not fit to that. Nothing was written. Run it again."
            )


@contextmanager
def workplace(
    path: Path,
    access: Access,
    *,
    writable: bool = True,
    reads: Sequence[str] = (),
    attach: Mapping[str, str] | None = EMPTY,
) -> Iterator[Workplace]:
    """Open a file for a long command, in whose end the result is stored.

    Parameters
    ----------
    path : Path
        When it does not exist, it is made as soon as there is something to store.
    access : Access
    writable : bool, default True
        Whether anything is stored in the end; otherwise the file is only read.
    reads : sequence of str
        Files that the user named, which are read besides those that belong to the database.
    attach : mapping of str to str, optional
        Databases that the user named; None for those of the current model, as far as `access`
        allows them.

    Raises
    ------
    SegmenterError
        The file cannot be read, or could not be written in the end.
    """
    import duckdb

    if writable:
        check_folder(path)
        if path.exists():
            check_writable(path, access)
        else:
            check_free(path)
    with beside(path) if writable else spill_folder(path.absolute().parent) as folder:
        con = duckdb.connect()
        try:
            con.execute(MANNERS)
            # a commit writes the log alone: then it has failed or not, whatever a checkpoint does
            con.execute("set checkpoint_threshold = '1TB'")
            spill_to(con, folder)
            limit(con, access)
            with threads_of(con):
                yield Workplace(con, path, folder, access, reads, attach)
        finally:
            con.close()


@contextmanager
def open_to_copy(
    path: Path, access: Access, writes: Sequence[str]
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an existing file that has a model, to copy from it into others.

    Parameters
    ----------
    path : Path
    access : Access
    writes : sequence of str
        Files that may be written besides.
    """
    with open_model(path, access):
        pass  # a file without a model is refused, and one of an older layout seen
    with (
        workplace(path, access, writable=False, reads=writes) as place,
        source_explained(place.con, path),
    ):
        yield place.con


def _catalog_name(path: Path) -> str:
    """Return the name that DuckDB gives to a file, kept apart from its own."""
    name = path.name.split(".")[0] or "database"
    return f"{name}_db" if name.casefold() in ("main", "memory", "system", "temp") else name
