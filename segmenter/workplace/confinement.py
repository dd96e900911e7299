"""Confinement: a database that somebody else made reads no files of its own choice.

Views and macros of a file run as soon as it is asked, and could read whatever the user can. So
a connection to an existing file may open nothing but the file itself, the data that its models say
they were fitted to, Parquet and CSV files below its own folder that its views name, and what the
user named on the command line.
"""

from __future__ import annotations

import glob
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segmenter.errors import InputError
from segmenter.schema.names import INTERNAL, SCHEMA
from segmenter.schema.shadowing import Macro, refuse_shadows
from segmenter.sources.file_names import is_data_file, is_url
from segmenter.sources.folders import glob_of_folder, lake_folder, lake_format
from segmenter.sources.readers import load_readers

if TYPE_CHECKING:
    import duckdb

__all__ = ["EVERYTHING", "allowed_attachments", "confine", "explained", "is_refusal"]

EVERYTHING = "all"

_BESIDE = ("", ".wal", ".wal.checkpoint", ".wal.recovery", ".checkpoint")
"""What DuckDB keeps beside a database while it writes."""

_REFUSED = re.compile(
    r'(?:Permission Error: )?Cannot access (?:file|directory) "(?P<path>[^"]*)" - file system '
    r"operations are disabled by configuration\.?"
)
_EXTENSION = re.compile(
    r"exists in the \w+ extension|Loading external extensions is disabled through configuration"
)

_DATABASE = re.compile(r"^(?:postgres|mysql|sqlite|duckdb|ducklake|md|quack|odbc):")
"""What a database that is attached begins with."""

_patterns: set[str] = set()
"""The globs that a connection of this process may read."""


def confine(
    con: duckdb.DuckDBPyConnection,
    database: Path,
    reads: Iterable[str] = (),
    writes: Iterable[str] = (),
    allow: Sequence[str] = (),
) -> None:
    """Let a connection open only what it needs, before anything of its database runs.

    Parameters
    ----------
    con : DuckDBPyConnection
        Its database is the file, or the file is attached to it and in use.
    database : Path
        The file, which stays readable and writable when it is attached again.
    reads : iterable of str
        Files, globs and URLs that the user named.
    writes : iterable of str
        Paths that the verb itself writes.
    allow : sequence of str
        What the views may read, too: files, folders, URLs, or 'all'.

    Raises
    ------
    SegmenterError
        A macro of the database hides a function that our SQL calls, or what the user allowed is
        not there.
    """
    macros = refuse_shadows(con)
    if EVERYTHING in allow:
        return
    _check_allowed(allow)
    named = [*reads, *allow]
    load_readers(con, named, installed=True, install=True)
    stored = list(_stored_files(con))
    load_readers(con, stored, installed=True)
    paths, folders = {f"{database.absolute()}{end}" for end in _BESIDE}, set[str]()
    paths.update(writes)
    _patterns.clear()
    for name in [*named, *stored, *_files_below(con, macros, database.absolute().parent)]:
        if is_url(name):
            folders.add(re.split(r"[*?\[]", name)[0].rpartition("/")[0] + "/")
        elif table := lake_folder(_absolute(name)):
            folders.add(os.path.join(table, ""))
        elif os.path.isdir(name):
            folders.add(os.path.join(os.path.abspath(name), ""))
        else:
            paths.update((name, _absolute(name), *glob.glob(_absolute(name), recursive=True)))
            _patterns.update({_absolute(name)} if glob.has_magic(name) else ())
    for setting in ("autoinstall_known_extensions", "autoload_known_extensions"):
        con.execute(f"set {setting} = false")
    con.execute("set allowed_paths = $1", [sorted(paths)])
    con.execute("set allowed_directories = $1", [sorted(folders)])
    con.execute("set enable_external_access = false")


def allowed_attachments(
    con: duckdb.DuckDBPyConnection, database: Path, allow: Sequence[str]
) -> dict[str, str]:
    """Return the databases that the current model was fitted to, if they may be attached.

    A file that somebody else made could name any file of the user's, or a server that is told
    the user's passwords. So its databases are attached where the user allows them.

    Parameters
    ----------
    con : DuckDBPyConnection
        The file is attached to it, and in use.
    database : Path
    allow : sequence of str
        Texts that the user allows, or 'all'.

    Raises
    ------
    InputError
        With what allows a database.
    """
    tables = _model_tables(con)
    queries = [f"select cast(source as varchar) from {table} where is_current" for table in tables]
    rows = con.execute(" union ".join(queries)).fetchall() if queries else []
    found: dict[str, str] = {}
    for (text,) in rows:
        with suppress(TypeError, ValueError, AttributeError):
            found |= json.loads(text).get("attach") or {}
    for name, text in found.items():
        path = re.sub(r"^(?:sqlite|duckdb):", "", str(text))
        home = os.path.realpath(database.absolute().parent)
        is_beside = os.path.isabs(path) and os.path.isfile(path) and _is_in(path, home)
        if not (is_beside or text in allow or EVERYTHING in allow):
            raise InputError(
                f"the model was fitted to the database {name}, which is attached only where you "
                f"say that it may be: allow = {text!r}."
            )
    return {name: str(text) for name, text in found.items()}


def is_refusal(error: BaseException) -> bool:
    """Tell whether the engine refused to open what a connection may not."""
    return bool(_REFUSED.search(str(error)))


def explained(message: str, allowing: Callable[[str], str] = "allow = {!r}".format) -> str:
    """Return a message with the engine's refusals in our words and with the way out.

    Parameters
    ----------
    message : str
    allowing : callable
        Returns how a path is allowed, or everything.
    """
    refused = _REFUSED.search(message)
    if refused is None:
        if not _EXTENSION.search(message):
            return message
        return (
            f"{message} Extensions are loaded only for a database that you trust, with "
            f"{allowing(EVERYTHING)}."
        )
    path = refused["path"]
    if any(path in glob.glob(pattern, recursive=True) for pattern in _patterns):
        sentence = f"{path} came while this command worked. Run it again."
    else:
        sentence = (
            f"the database reads {path}, which is neither the data that its models were fitted to "
            "nor a Parquet or CSV file below its own folder. If you know why, allow it with "
            f"{allowing(path)}, or everything with {allowing(EVERYTHING)}."
        )
    return message[: refused.start()] + sentence + message[refused.end() :]


def _check_allowed(allow: Sequence[str]) -> None:
    for name in allow:
        is_database = bool(_DATABASE.match(name))
        if not is_database and not is_url(name) and not glob.glob(_absolute(name), recursive=True):
            raise InputError(
                f"allow = {name!r} allows nothing: there is no such file or folder. Name "
                f"one, or a URL, or {EVERYTHING}."
            )


def _absolute(name: str) -> str:
    return os.path.abspath(os.path.expanduser(name))


def _stored_files(con: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Yield the data files of all stored models, as a table says them: no view is run."""
    queries = [f"select cast(source as varchar) from {table}" for table in _model_tables(con)]
    for (text,) in con.execute(" union ".join(queries)).fetchall() if queries else ():
        source: Any = None
        with suppress(TypeError, ValueError):
            source = json.loads(text)
        if not isinstance(source, dict) or source.get("engine"):
            continue
        for part in ("transactions", "profile", "points", "exclude"):
            name = source.get(part)
            is_csv = part != "exclude" and isinstance(source.get("csv"), dict)
            if not isinstance(name, str):
                continue
            if is_data_file(name) or is_csv:
                yield name
            elif os.path.isabs(name) and os.path.isdir(name):
                with suppress(InputError):
                    yield name if lake_format(name) else glob_of_folder(name)


def _model_tables(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Return where the models are: a schema, another one in an older layout."""
    found = con.execute(
        """
        select schema_name from system.main.duckdb_columns()
        where database_name = system.main.current_database()
            and schema_name in ($1, $2) and table_name = 'models' and column_name = 'source'
        """,
        [INTERNAL, SCHEMA],
    ).fetchall()
    return [f"{schema}.models" for (schema,) in found]


def _files_below(
    con: duckdb.DuckDBPyConnection, macros: Iterable[Macro], folder: Path
) -> Iterator[str]:
    """Yield the Parquet and CSV files in a folder, and below it, that views and macros name."""
    views = con.execute(
        """
        select sql from system.main.duckdb_views()
        where not internal and database_name = system.main.current_database()
        """
    ).fetchall()
    definitions = [sql for (sql,) in views]
    definitions += [macro.definition for macro in macros if macro.definition is not None]
    home = os.path.realpath(folder)
    for name in {name for sql in definitions for name in _quoted_texts(sql)}:
        if not is_data_file(name) or is_url(name):
            continue
        fixed = glob.escape(name) if os.path.exists(name) else name
        found = glob.glob(_absolute(fixed), recursive=True)
        if found and all(_is_in(path, home) for path in found):
            yield name


def _quoted_texts(sql: str) -> Iterator[str]:
    """Yield what stands in quotes, single or double: a file can be named in both ways."""
    for text in re.findall(r"'((?:[^']|'')*)'", sql):
        yield text.replace("''", "'")
    for text in re.findall(r'"((?:[^"]|"")*)"', sql):
        yield text.replace('""', '"')


def _is_in(path: str, folder: str) -> bool:
    real = os.path.realpath(path)
    return os.path.commonpath([real, folder]) == folder
