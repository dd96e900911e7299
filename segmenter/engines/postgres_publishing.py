"""Function and views in PostgreSQL, replaced beside those who read them.

A view is locked while it is replaced. Whoever reads it waits for that lock, and whoever replaces it
for the readers. So what did not change is left alone, the other views are locked in the order in
which readers do it, and where a reader has another order, or is slow, we are the ones to give way:
we wait for less time than it takes PostgreSQL to look for deadlocks, let go of all, and try again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from segmenter.engines.ddl import create_view, write
from segmenter.engines.postgres_grants import Kept
from segmenter.engines.script_frame import COLUMNS, lock_view
from segmenter.errors import SegmenterError
from segmenter.schema.names import SCHEMA
from segmenter.sources.engine import Publication

if TYPE_CHECKING:
    import psycopg

__all__ = ["Publisher"]

Run = Callable[..., "psycopg.Cursor[Any]"]

_PATIENCE = 60.0
"""For how many seconds readers may keep us waiting."""

_PAUSE = 0.25
"""How many seconds they have between two attempts."""

_FOREIGN = """
    select c.relname
    from pg_class as c
    where c.relnamespace = to_regnamespace(%s) and c.relname = %s and (
        c.relkind <> 'v' or (
            select count(*) from pg_attribute as a
            where a.attrelid = c.oid and a.attname = any(%s)
        ) < %s
    )
"""

_EXISTING = """
    select relname from pg_class
    where relnamespace = to_regnamespace(%s) and relname = any(%s)
"""

_LIKE = "customer_segments"

_OVER = f"{SCHEMA}.customer_segments_at(timestamp)"
"""The function whose rows are like those of that view, which therefore goes and comes with it."""

_OVER_IS_OURS = """
    select prorettype = to_regtype(%s)::oid from pg_proc where oid = to_regprocedure(%s)::oid
"""

_COMMENT = "select obj_description(to_regclass(%s)::oid, 'pg_class')"

_DIFFERENT = """
    select pg_get_viewdef(one.oid) <> pg_get_viewdef(other.oid) or one.columns <> other.columns
    from (
        select
            c.oid,
            array(
                select concat(attname, ' ', format_type(atttypid, atttypmod), ' ', attcollation)
                from pg_attribute
                where attrelid = c.oid and attnum > 0
                order by attnum
            ) as columns
        from pg_class as c
        where c.oid = %(one)s::regclass
    ) as one
    cross join (
        select
            c.oid,
            array(
                select concat(attname, ' ', format_type(atttypid, atttypmod), ' ', attcollation)
                from pg_attribute
                where attrelid = c.oid and attnum > 0
                order by attnum
            ) as columns
        from pg_class as c
        where c.oid = %(other)s::regclass
    ) as other
"""

_READERS = """
    select distinct l.relation::regclass::text, l.pid, coalesce(a.state, 'other database')
    from pg_locks as l
    left join pg_stat_activity as a using (pid)
    where l.pid <> pg_backend_pid() and l.granted and l.database = (
        select oid from pg_database where datname = current_database()
    ) and l.relation in (
        select oid from pg_class
        where relnamespace = to_regnamespace(%s) and relname = any(%s)
    )
    order by 1, 2
"""


class Publisher:
    """What replaces a model's objects, in one transaction that is the caller's.

    Parameters
    ----------
    con : psycopg.Connection
        In a transaction of READ COMMITTED.
    run : callable
        Executes a statement, with parameters.
    publication : Publication
    columns : mapping of str to tuple of str
        Columns that tell our views from somebody else's; each view after those that it reads. No
        other view is touched.
    """

    def __init__(
        self,
        con: psycopg.Connection[Any],
        run: Run,
        publication: Publication,
        columns: Mapping[str, tuple[str, ...]] = COLUMNS,
    ) -> None:
        self.con = con
        self.run = run
        self.publication = publication
        self.columns = columns
        self._upwards = tuple(reversed(tuple(columns)))

    def publish(self) -> None:
        """Create or replace schema, function and views.

        Raises
        ------
        SegmenterError
            Somebody else's object has one of the names, or readers do not let go of a view.
        psycopg.Error
            What else PostgreSQL says.
        """
        from psycopg.errors import LockNotAvailable

        self.run("select pg_advisory_xact_lock(hashtext(%s))", [SCHEMA])
        self._check_names()
        end = time.monotonic() + _PATIENCE
        found: tuple[set[str], list[str]] | None = None
        while True:
            try:
                with self.con.transaction():
                    self._set_lock_timeout()
                    found = found or self._found()  # once: who publishes waits for us
                    self._replace(*found)
                return
            except LockNotAvailable:
                if time.monotonic() >= end:
                    raise self._kept_waiting() from None
                time.sleep(_PAUSE)

    def _check_names(self) -> None:
        """Refuse to replace what has our names and is not ours."""
        for name, columns in self.columns.items():
            if self.run(_FOREIGN, [SCHEMA, name, list(columns), len(columns)]).fetchone():
                raise SegmenterError(
                    f"this database already has {SCHEMA}.{name}, which Segmenter did not make. "
                    "Rename it, then fit; nothing was published."
                )
        is_ours = self.run(_OVER_IS_OURS, [f"{SCHEMA}.{_LIKE}", _OVER]).fetchone()
        if _LIKE in self.columns and is_ours not in (None, (True,)):
            raise SegmenterError(
                f"this database already has a function {_OVER}, which Segmenter did not make. "
                "Rename it, then fit; nothing was published."
            )

    def _set_lock_timeout(self) -> None:
        """Wait for less than the time after which PostgreSQL looks for deadlocks."""
        self.run(
            "select set_config('lock_timeout', greatest(setting::int / 2, 1) || 'ms', true) "
            "from pg_settings where name = 'deadlock_timeout'"
        )

    def _found(self) -> tuple[set[str], list[str]]:
        """Return which views there are, and which are to be made."""
        existing = {row[0] for row in self.run(_EXISTING, [SCHEMA, list(self.columns)]).fetchall()}
        views = self.publication.views
        return existing, [n for n in views if n not in existing or self._is_changed(n)]

    def _replace(self, existing: set[str], changed: list[str]) -> None:
        """Create what is missing, replace what changed, drop what another source had."""
        from psycopg.errors import InvalidTableDefinition

        views = self.publication.views
        dropped = existing - set(views)
        try:
            with self.con.transaction():
                kept = self._locked(existing & {*changed, *dropped})
                self._create(changed)
                self._drop(dropped)  # now that nothing of ours reads them
                kept.restore_options()
        except InvalidTableDefinition:  # other columns, or of other types
            kept = self._locked(existing)
            self._drop(existing)
            self._create(list(views))
            kept.restore()

    def _is_changed(self, name: str) -> bool:
        """Compare a view with what it would be; in doubt it has changed."""
        from psycopg.errors import ProgrammingError

        candidate = f"segmenter_{name}"
        query = self.publication.views[name]
        try:
            with self.con.transaction(force_rollback=True):
                self.run(create_view(candidate, query, "postgres", temporary=True))
                names = {"one": f"{SCHEMA}.{name}", "other": f"pg_temp.{candidate}"}
                return self.run(_DIFFERENT, names).fetchone() != (False,)
        except ProgrammingError:  # it reads what is not there yet
            return True

    def _locked(self, names: Iterable[str]) -> Kept:
        """Lock views in the order of those who read them, and note what goes with them."""
        chosen = [name for name in self._upwards if name in set(names)]
        if chosen:  # in one statement, so that few readers begin between two locks
            locks = "; ".join(map(lock_view, chosen))
            self.run(f"do $locks$ begin {locks}; end $locks$")
        return Kept(self.con, self.run, chosen)

    def _drop(self, names: Iterable[str]) -> None:
        if _LIKE in set(names):
            self.run(f"drop function if exists {_OVER}")
        if gone := [f"{SCHEMA}.{name}" for name in self._upwards if name in set(names)]:
            self.run(f"drop view {', '.join(gone)}")

    def _create(self, names: Iterable[str]) -> None:
        if self.run("select to_regnamespace(%s)::oid", [SCHEMA]).fetchone() == (None,):
            self.run(f"create schema {SCHEMA}")
        for statement in self.publication.functions.values():
            self.run(statement)
        for name in names:
            self.run(create_view(name, self.publication.views[name], "postgres"))
            self._comment(name)
        for statement in self.publication.over_views.values():
            self.run(statement)
        if _LIKE in self.columns and not self.publication.over_views:
            self.run(f"drop function if exists {_OVER}")

    def _comment(self, name: str) -> None:
        """Say what a view is, where nobody has said it."""
        text = self.publication.comments.get(name)
        known = self.run(_COMMENT, [f"{SCHEMA}.{name}"])
        if text and known.fetchone() == (None,):
            view, words = exp.table_(name, db=SCHEMA), exp.Literal.string(text)
            self.run(write(exp.Comment(this=view, kind="VIEW", expression=words), "postgres"))

    def _kept_waiting(self) -> SegmenterError:
        """Say who reads the views all the time."""
        readers = self.run(_READERS, [SCHEMA, list(self.columns)]).fetchall()
        names = "; ".join(f"{view} by process {pid} ({state})" for view, pid, state in readers[:5])
        first = f"select pg_terminate_backend({readers[0][1]})" if readers else "select 1"
        return SegmenterError(
            f"the views of the schema {SCHEMA} are read without a pause of half a second: "
            f"{names or 'by many, one after the other'}. Let them end ({first}), then fit again; "
            "nothing was published."
        )
