"""What ``with db.serve() as served:`` gives: a server that answers while the block runs."""

from __future__ import annotations

import warnings
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from segmenter.errors import InputError
from segmenter.operations.publish import publish
from segmenter.operations.refresh import refresh
from segmenter.operations.serve import client_statements, keep_serving
from segmenter.progress import Silent

if TYPE_CHECKING:
    from segmenter.api.home import FileHome
    from segmenter.operations.publishing.publication import Publication
    from segmenter.operations.publishing.target import Target
    from segmenter.operations.serve import Server

__all__ = ["Served", "publishing"]


class Served:
    """A database that is served to DuckDB clients of this machine.

    Clients are answered in the background, from what was published last: nobody reads the file
    itself, so that it can be fitted and refreshed meanwhile, here or elsewhere. What it has then is
    served after `publish`, or as long as `follow` runs.

    Attributes
    ----------
    port : int
    token : str
        What a client must give.
    statements : tuple of str
        What to type in a client.
    publication : Publication
        What is served.
    """

    def __init__(
        self, home: FileHome, server: Server, publication: Publication, port: int, token: str
    ) -> None:
        self._home, self._server = home, server
        self.publication = publication
        self.port, self.token = port, token
        self.statements = client_statements(port, token)

    def __repr__(self) -> str:
        return f"Served({self._home.name!r}, port={self.port})"

    def publish(self) -> Publication:
        """Serve what the database has now, from one moment on."""
        return self._server.update(self._home.path, self._publish)

    def follow(self, *, seconds: float | None = None, refresh_every: float | None = None) -> None:
        """Serve each change of the database from its end on, by whom ever; until Ctrl-C.

        Parameters
        ----------
        seconds : float, optional
            Return after so many.
        refresh_every : float, optional
            Refresh the database so often, in seconds, and serve that.

        Raises
        ------
        InputError
            A time is less than a second.
        SegmenterError
            The database was opened read-only, and is to be refreshed.
        """
        for name, value in (("seconds", seconds), ("refresh_every", refresh_every)):
            if value is not None and not value >= 1:
                raise InputError(f"{name} must be a second or more, not {value!r}.")
        if refresh_every is not None:
            self._home.check_writable()
        with suppress(KeyboardInterrupt):  # which is how it ends
            keep_serving(
                self._home.path,
                self._server,
                self._publish,
                None if refresh_every is None else self._refresh,
                every=refresh_every,
                seconds=seconds,
                progress=_Warning(),
            )

    def _publish(self, target: Target) -> Publication:
        self.publication = publishing(self._home, target)
        return self.publication

    def _refresh(self) -> None:
        with self._home.working(attach=None) as place:
            refresh(place, progress=Silent())


def publishing(home: FileHome, target: Target) -> Publication:
    """Publish a file to a place, without a word."""
    opened = partial(home.copying, wait=home.access.wait)
    return publish(opened, target, home=home.path, progress=Silent())


class _Warning(Silent):
    """Who serves hears of what did not work as of a warning."""

    def warn(self, message: str, code: str) -> None:
        del code
        warnings.warn(message, stacklevel=2)
