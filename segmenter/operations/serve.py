"""Serving: DuckDB's remote protocol (quack) over what is published of a database.

The server is a DuckDB in memory whose views read a copy that is attached for reading only, so no
client reads or changes anything else, and the database's own file stays free for fits and
refreshes. A new copy takes the place of the old one in one transaction: each query of a client,
and each of its transactions, is of one publication.
"""

from __future__ import annotations

import os
import re
import secrets
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from tempfile import gettempdir

import duckdb
from sqlglot import exp

from segmenter import stopping
from segmenter.errors import BusyError, InputError, SegmenterError, first_line
from segmenter.operations.publishing.publication import (
    Publication,
    comment_on,
    described,
    relations,
)
from segmenter.operations.publishing.target import Standing, Target, temporary_drafts
from segmenter.progress import Progress
from segmenter.schema.connection import transaction
from segmenter.schema.extensions import load_extension
from segmenter.schema.files import create_view, read
from segmenter.schema.names import SCHEMA
from segmenter.sources.drafts import private_folder
from segmenter.storage.functions import create_functions
from segmenter.workplace.opening import MANNERS

__all__ = ["Server", "checked_token", "client_statements", "keep_serving", "serving"]

_COPY = "publication_"

_PAUSE = 0.25

_KEPT = 2
"""Copies that stay: a client's transaction may still read the one before."""


class Server:
    """What answers clients; a place that is published to.

    Parameters
    ----------
    con : DuckDBPyConnection
        In memory, with the extension loaded.
    folder : Path
        Where its copies are.
    """

    name = "the server"

    def __init__(self, con: duckdb.DuckDBPyConnection, folder: Path) -> None:
        self.room = folder.parent
        self._con = con
        self._folder = folder
        self._number = 0
        self._seen: tuple[int, int, int] | None = None

    def update(self, path: Path, publish: Callable[[Target], Publication]) -> Publication:
        """Serve what a file has now."""
        found = _signature(path)
        publication = publish(self)
        self._seen = found
        return publication

    def is_behind(self, path: Path) -> bool:
        """Tell whether a file has changed since it was last published here."""
        return _signature(path) != self._seen

    def standing(self, home: Path | None) -> Standing | None:
        """Return nothing: what a server has goes with it."""
        del home
        return None

    def turn(self, wait: float | None) -> nullcontext[None]:
        """Keep nobody out: nobody else publishes here."""
        del wait
        return nullcontext()

    def drafts(self) -> AbstractContextManager[Path]:
        """Give a folder for the draft."""
        return temporary_drafts(self.room, self._folder)

    def put(self, draft: Path, publication: Publication) -> str:
        """Let the views read this copy, all from one moment on."""
        self._number += 1
        copy = f"{_COPY}{self._number}"
        file = self._folder / f"{copy}.duckdb"
        draft.rename(file)
        literal = exp.Literal.string(str(file)).sql(dialect="duckdb")
        self._con.execute(f"attach {literal} as {copy} (read_only)")
        found = described(self._con, copy)
        with stopping.held(), transaction(self._con):
            for name, _ in relations(self._con):
                self._con.execute(f"drop view {SCHEMA}.{name}")
            for name, text, _ in found:
                self._con.execute(create_view(name, f"select * from {copy}.{SCHEMA}.{name}"))
                comment_on(self._con, "view", f"{SCHEMA}.{name}", text)
            create_functions(self._con, publication.model)
        self._forget(self._number - _KEPT)
        return f"{len(found)} views"

    def _forget(self, number: int) -> None:
        if number > 0:
            with suppress(duckdb.Error, OSError):  # it goes with the folder, then
                self._con.execute(f"detach {_COPY}{number}")
                (self._folder / f"{_COPY}{number}.duckdb").unlink()


def checked_token(token: str | None, name: str) -> str:
    """Return a token that clients can type, a new one where none is given.

    Parameters
    ----------
    token : str or None
    name : str
        What it is called in messages.

    Raises
    ------
    InputError
        It is short, or has something in it that SQL or an address would not keep.
    """
    if token is None:
        return secrets.token_urlsafe(24)
    if not isinstance(token, str) or re.fullmatch(r"[\w.~+/=-]{8,}", token) is None:
        raise InputError(
            f"{name} must have eight or more letters and digits, without spaces and quotation "
            "marks. Leave it out, then one is made."
        )
    return token


def client_statements(port: int, token: str) -> tuple[str, ...]:
    """Return what to type in a client."""
    return (
        "install quack; load quack;",
        f"attach 'quack:localhost:{port}' as shop (token '{token}');",
        "select * from shop.segments.segment_summary;",
    )


@contextmanager
def serving(
    port: int, token: str, path: Path, publish: Callable[[Target], Publication]
) -> Iterator[tuple[Server, Publication]]:
    """Publish to a server on this machine, and let it answer clients while the block runs.

    Parameters
    ----------
    port : int
        Of localhost.
    token : str
        What a client must give.
    path : Path
        The database.
    publish : callable
        Publishes the database to a place.

    Raises
    ------
    InputError
        The port is taken.
    SegmenterError
        The extension is missing, or nothing can be published.
    """
    if _is_taken(port):  # the extension would share it
        raise InputError(
            f"port {port} of this machine is taken by another program. Name another: "
            f"port = {port + 1 if port < 65535 else 9494}."
        )
    with private_folder(Path(gettempdir())) as folder:
        con = duckdb.connect()
        uri = f"quack:localhost:{port}"
        try:
            con.execute(MANNERS)
            for name in ("quack", "httpfs"):
                load_extension(con, name)
            con.execute(f"create schema {SCHEMA}")
            con.execute(read("served/may_run"))
            con.execute("set global quack_authorization_function = 'may_run'")
            allowed = exp.array(exp.Literal.string(str(folder))).sql(dialect="duckdb")
            con.execute(f"set allowed_directories = {allowed}")
            con.execute("set enable_external_access = false")
            con.execute("set lock_configuration = true")
            server = Server(con, folder)
            publication = server.update(path, publish)
            try:
                con.execute("call quack_serve($1, token := $2)", [uri, token])
            except duckdb.Error as error:
                raise SegmenterError(
                    f"the server cannot listen on port {port}: {first_line(error)} Name another: "
                    f"port = {port + 1 if port < 65535 else 9494}."
                ) from None
            yield server, publication
        finally:
            with suppress(duckdb.Error):
                con.execute("call quack_stop($1)", [uri])
            con.close()


def keep_serving(
    path: Path,
    server: Server,
    publish: Callable[[Target], Publication],
    refresh: Callable[[], object] | None,
    *,
    every: float | None,
    seconds: float | None,
    progress: Progress,
) -> None:
    """Publish again whenever the database has changed, until somebody stops it.

    Parameters
    ----------
    path : Path
        The database.
    server : Server
    publish : callable
    refresh : callable or None
        Brings the database up to date, every so many seconds.
    every, seconds : float, optional
        Seconds between two refreshes, and until the end; None: never.
    progress : Progress
        Told of what did not work. The server goes on with what it has, and tries again.
    """
    started = refreshed = time.monotonic()
    pause = _PAUSE
    while seconds is None or time.monotonic() - started < seconds:
        stopping.check()
        now = time.monotonic()
        try:
            if refresh is not None and every is not None and now - refreshed >= every:
                refreshed = now
                refresh()
            if server.is_behind(path):
                server.update(path, publish)
            pause = _PAUSE
        except BusyError:
            pass  # who writes the file has it for a moment
        except SegmenterError as error:
            progress.warn(f"what was published before is served on: {error}", "serve")
            pause = min(pause * 2, 60)
        time.sleep(pause)


def _is_taken(port: int) -> bool:
    """Tell whether somebody answers there."""
    try:
        with socket.create_connection(("localhost", port), timeout=5):
            return True
    except OSError:
        return False


def _signature(path: Path) -> tuple[int, int, int]:
    """Return what changes when a file does."""
    try:
        found = os.stat(path)
    except OSError:
        return 0, 0, 0
    return found.st_ino, found.st_size, found.st_mtime_ns
