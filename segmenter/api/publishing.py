"""Publishing for dashboards, as a method, and after the work of others."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from segmenter.api.home import ConnectionHome, FileHome
from segmenter.api.listener import listener
from segmenter.errors import InputError
from segmenter.workplace.waiting import patience

if TYPE_CHECKING:
    from segmenter.api.serving import Served
    from segmenter.operations.publishing.publication import Publication
    from segmenter.operations.publishing.target import Target

__all__ = ["Publishing"]


class Publishing:
    """What copies a database to where dashboards read it."""

    _home: FileHome | ConnectionHome

    def publish(self, to: str | os.PathLike[str], *, overwrite: bool = False) -> Publication:
        """Copy what dashboards read to a place that no fit or refresh locks.

        The views of the schema ``segments`` become tables of the same names, with their columns
        and comments, beside the functions. What was published there before is replaced in one
        step: readers see the old or the new, and wait for nobody.

        Parameters
        ----------
        to : str or path
            A DuckDB file; a folder for Parquet files, with a slash at its end; or a database of
            PostgreSQL, ``postgresql://user@host/database``. It is made or replaced.
        overwrite : bool, default False
            Replace also what was published from a newer model.

        Returns
        -------
        Publication

        Raises
        ------
        InputError
            The place is somebody else's: a database with models, a file that was not published.
        BusyError
            Somebody else publishes there.
        """
        target = self._target(to)
        assert target is not None
        return self._publish(target, overwrite=overwrite, wait=self._home.access.wait)

    @contextmanager
    def serve(self, *, port: int = 9494, token: str | None = None) -> Iterator[Served]:
        """Answer DuckDB clients of this machine, over DuckDB's remote protocol, while a block runs.

        Clients read what `publish` would copy and nothing else, and change nothing. Needs DuckDB's
        extension quack.

        Parameters
        ----------
        port : int, default 9494
            Of localhost.
        token : str, optional
            What a client must give, eight or more letters and digits; made anew when absent.

        Returns
        -------
        context manager of Served
            With ``statements`` to type in a client. The block goes on at once: ``publish()`` serves
            what the database has then, and ``follow()`` waits, serves each change, and refreshes
            on a timer, as the command does.

        Raises
        ------
        InputError
            The port is taken, the token is too short, or the database is a connection.
        SegmenterError
            The extension is missing.

        Examples
        --------
        ::

            with segmenter.open("shop.duckdb").serve() as served:
                served.statements  # what to type in a client
                served.follow(refresh_every=900)
        """
        from segmenter.api.serving import Served, publishing
        from segmenter.operations.serve import checked_token, serving

        home = self._home
        if not isinstance(home, FileHome):
            raise InputError(
                "a connection is not served: its owner may be in the middle of something. Open the "
                "file by its path: segmenter.open('shop.duckdb').serve()."
            )
        if not isinstance(port, int) or not 1 <= port <= 65535:
            raise InputError(f"port must be a whole number from 1 to 65535, not {port!r}.")
        known = checked_token(token, "token")
        with home.reading():
            pass  # a file without a model is refused before anything is started
        publish = partial(publishing, home)
        with serving(port, known, home.path, publish) as (server, publication):
            yield Served(home, server, publication, port, known)

    def publish_views(self, session: Any) -> tuple[str, ...]:
        """Make function and views of the current model again where it was fitted.

        After a table of sales was replaced there by another of its name, as dbt does in
        PostgreSQL, and took the views along. What did not change is left alone, and nothing is
        stored in the database.

        Parameters
        ----------
        session : psycopg.Connection or SparkSession
            Of the database that the model was fitted on.

        Returns
        -------
        tuple of str
            The names of the function and the views.

        Raises
        ------
        InputError
            The model was fitted somewhere else.
        """
        from segmenter.operations.fit import engine_of
        from segmenter.operations.publish_views import publish_views
        from segmenter.storage.store import load

        with self._home.reading() as con:
            model = load(con)
        with closing(engine_of(session)) as engine:
            return publish_views(model, engine, progress=listener())

    def dbt_init(
        self,
        folder: str | os.PathLike[str],
        *,
        table: str | None = None,
        overwrite: bool = False,
    ) -> list[str]:
        """Write a dbt package of the current model: seeds, models, macros, tests and docs.

        Parameters
        ----------
        folder : str or path
            A new or an empty folder, or that of an earlier package.
        table : str, optional
            The table of sales as dbt finds it; needed when the model was fitted to a file.
        overwrite : bool, default False
            Write an earlier package anew, but for the files that are the user's to change, such as
            ``dbt_project.yml`` and ``models/sources.yml``.

        Returns
        -------
        list of str
            The files that were written.

        Raises
        ------
        InputError
            The folder is somebody else's, or has a package already; the model has no customers.
        """
        from segmenter.dbt.project import check_folder, dbt_project, profile_path, write_project

        check_folder(folder, overwrite=overwrite)
        with self._home.reading() as con:
            contents = dbt_project(con, table=table, database=profile_path(self._home.path, folder))
        return write_project(contents, folder, overwrite=overwrite)

    def _target(self, to: str | os.PathLike[str] | None) -> Target | None:
        """Return the place to publish to, looked at before any work is done."""
        if to is None:
            return None
        from segmenter.operations.publish import target_of

        target = target_of(to, self._home.access)
        target.standing(self._home.path)
        return target

    def _publish(
        self, target: Target, *, overwrite: bool = False, wait: float | None = None
    ) -> Publication:
        from segmenter.operations.publish import publish

        wait = patience(wait) if wait is None else wait
        return publish(
            partial(self._home.copying, wait=wait),
            target,
            home=self._home.path,
            wait=wait,
            overwrite=overwrite,
            progress=listener(),
        )
