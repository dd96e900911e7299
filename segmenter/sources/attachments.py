"""Other databases that a source reads: attached for reading only, by a text without secrets.

The text is kept with the model, so that a refresh can read again. A secret in it would be kept,
too: it is named instead, as ``${NAME}`` of the environment, or known to the database's own client
or to DuckDB's secrets.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from segmenter.errors import InputError, reason
from segmenter.schema.extensions import load_packaged
from segmenter.sources.unreadable import server_advice

if TYPE_CHECKING:
    import duckdb

__all__ = [
    "attach_databases",
    "checked_attachments",
    "compare_here",
    "has_secret",
    "parsed_attachments",
]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TAKEN = ("main", "memory", "system", "temp", "segments", "segments_internal")
_SECRET = re.compile(
    r"(?P<name>\w*(?:password|passwd|pwd|token|secret|(?<!ssl)(?<!ssl_)key))\s*=\s*(?!\$\{)[^\s&;]"
    r"|://[^/@\s:]*:(?!\$\{)[^/@\s]+@",
    re.IGNORECASE,
)
_VARIABLE = re.compile(r"\$\{(\w+)\}")
_KIND = re.compile(r"^(?:ducklake:)?(?P<kind>[a-z_]{2,}):", re.IGNORECASE)
_FILES = ("sqlite", "duckdb")
_URI = re.compile(r"^(?P<kind>postgres|mysql)(?:ql)?://", re.IGNORECASE)
_EXTENSIONS = {
    "ducklake:": "ducklake",
    "postgres:": "postgres_scanner",
    "mysql:": "mysql_scanner",
    "sqlite:": "sqlite_scanner",
}
_SQLITE = b"SQLite format 3\x00"
_MYSQL = {
    "mysql_experimental_filter_pushdown": "false",
    "mysql_aggregate_pushdown_enabled": "false",
    "mysql_order_pushdown_enabled": "false",
    "mysql_incomplete_dates_as_nulls": "true",
}
"""Settings of DuckDB's extension for MySQL that we need, and none is so by default."""


def parsed_attachments(words: Iterable[str]) -> dict[str, str]:
    """Return attachments that were typed as ``NAME=DATABASE``.

    Raises
    ------
    InputError
        A word is none, or a name comes twice.
    """
    found: dict[str, str] = {}
    for word in words:
        name, sign, text = word.partition("=")
        if not sign or not text.strip():
            raise InputError(
                "a database is attached as NAME=DATABASE, for example crm=postgres:dbname=shop, "
                f"and {word!r} is none."
            )
        if name in found:
            raise InputError(f"two databases are attached as {name}. Give each its own name.")
        found[name] = text
    return checked_attachments(found)


def checked_attachments(attach: object) -> dict[str, str]:
    """Return attachments, from name to database, with absolute paths and without secrets.

    Raises
    ------
    InputError
        It is no such mapping, or a password is in it.
    """
    if not isinstance(attach, Mapping) or not all(isinstance(x, str) for x in attach.values()):
        raise InputError(
            "attach must be a mapping from names to databases, such as "
            f"attach = {{'crm': 'postgres:dbname=shop'}}, not {attach!r}."
        )
    for name, text in attach.items():
        if not isinstance(name, str) or not _NAME.fullmatch(name) or name.casefold() in _TAKEN:
            raise InputError(
                f"a database cannot be attached as {name!r}. Give it a plain name, such as crm."
            )
        if has_secret(text):
            raise InputError(
                f"the database {name} is given with a secret in it, which would be kept with the "
                "model. Name a variable of the environment in its place, such as "
                "password=${CRM_PASSWORD}, or leave it to the client's own file of passwords."
            )
    return {name: _absolute(attach[name]) for name in attach}


def has_secret(text: str) -> bool:
    """Tell whether a password is in the text of a database."""
    return bool(_SECRET.search(text))


def _absolute(text: str) -> str:
    """Return a database with the path of its file absolute, which holds from any folder."""
    kind = _KIND.match(text)
    if _URI.match(text):
        return text
    if kind is None:
        return os.path.abspath(os.path.expanduser(text))
    path = text[kind.end() :]
    is_file = kind["kind"].casefold() in _FILES or os.path.exists(path)
    return f"{kind[0]}{os.path.abspath(os.path.expanduser(path))}" if is_file and path else text


def attach_databases(con: duckdb.DuckDBPyConnection, attach: Mapping[str, str]) -> None:
    """Attach databases for reading, those that are not attached yet under their names.

    Raises
    ------
    InputError
        With what is missing.
    """
    import duckdb
    from sqlglot import exp

    found = con.execute("select lower(database_name) from duckdb_databases()").fetchall()
    known = {name for (name,) in found}
    for name, text in attach.items():
        if name.casefold() in known:
            continue
        address = _expanded(name, text)
        if uri := _URI.match(address):
            address = f"{uri['kind'].lower()}:{address}"
        elif not _is_there(address):
            path = _path(text)
            raise InputError(f"the database {name} cannot be attached: there is no file {path}.")
        _load_extensions(con, address)
        literal = exp.Literal.string(address).sql(dialect="duckdb")
        identifier = exp.to_identifier(name, quoted=True).sql(dialect="duckdb")
        try:
            con.execute(f"attach {literal} as {identifier} (read_only)")
        except duckdb.Error as error:
            said = reason(error)
            advice = server_advice(said)
            raise InputError(f"the database {name} cannot be attached: {said}{advice}") from None


def compare_here(con: duckdb.DuckDBPyConnection) -> None:
    """Let DuckDB itself compare, group and sort what it reads from MySQL.

    MySQL compares texts by the collation of a column, mostly without regard to case, accents and
    spaces at the end: customers would be merged, and a condition would select others than the
    same condition does in any other database. Dates such as 2024-01-00, which nothing else can
    hold, are NULL as 0000-00-00 is, lest one in a column that nobody asked for stops a fit.
    """
    known = con.execute(
        "select name, value from system.main.duckdb_settings() where name in ($1, $2, $3, $4)",
        list(_MYSQL),
    ).fetchall()
    for name, value in known:
        if value != _MYSQL[name]:
            con.execute(f"set {name} = {_MYSQL[name]}")


def _path(text: str) -> str:
    """Return a database without its kind."""
    return text.partition(":")[2] if _KIND.match(text) else text


def _is_there(address: str) -> bool:
    """Tell whether there is a file where a database is one."""
    path = _path(address)
    return os.path.exists(path) or not os.path.isabs(path)


def _load_extensions(con: duckdb.DuckDBPyConnection, address: str) -> None:
    """Load what reads a database from packages; else DuckDB looks where it has its own."""
    for kind, extension in _EXTENSIONS.items():
        if kind in address.casefold():
            load_packaged(con, extension)
    if os.path.isfile(address):
        with open(address, "rb") as file:
            if file.read(len(_SQLITE)) == _SQLITE:
                load_packaged(con, "sqlite_scanner")


def _expanded(name: str, text: str) -> str:
    """Return a text with the variables of the environment that it names."""

    def value(found: re.Match[str]) -> str:
        if found[1] not in os.environ:
            raise InputError(
                f"the database {name} is given with ${{{found[1]}}}, and the environment has no "
                f"variable {found[1]}. Set it in the environment of this program."
            )
        return os.environ[found[1]]

    return _VARIABLE.sub(value, text)
