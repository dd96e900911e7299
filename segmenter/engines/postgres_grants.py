"""Owner, grants, options and comments of views in PostgreSQL, which go when a view is dropped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from segmenter.schema.names import SCHEMA

if TYPE_CHECKING:
    import psycopg
    from psycopg import sql

__all__ = ["Kept"]

_OPTIONS = """
    select c.relname, split_part(option, '=', 1), substr(option, strpos(option, '=') + 1)
    from pg_class as c
    cross join unnest(c.reloptions) as option
    where c.relnamespace = to_regnamespace(%s) and c.relname = any(%s)
    order by 1, 2
"""

_OWNERS = """
    select relname, pg_get_userbyid(relowner)
    from pg_class
    where relnamespace = to_regnamespace(%s) and relname = any(%s)
    order by 1
"""

_GRANTS = """
    select
        c.relname,
        found.attname,
        (acl).privilege_type,
        case when (acl).grantee <> 0 then pg_get_userbyid((acl).grantee) end as grantee,
        (acl).is_grantable
    from pg_class as c
    cross join lateral (
        select null::name as attname, aclexplode(c.relacl) as acl
        union all
        select a.attname, aclexplode(a.attacl)
        from pg_attribute as a
        where a.attrelid = c.oid and a.attacl is not null
    ) as found
    where
        c.relnamespace = to_regnamespace(%s)
        and c.relname = any(%s)
        and (acl).grantee <> c.relowner
    order by 1, 2 nulls first, 4 nulls first, 3
"""

_COMMENTS = """
    select c.relname, a.attname, d.description
    from pg_class as c
    inner join pg_description as d on d.objoid = c.oid and d.classoid = 'pg_class'::regclass
    left join pg_attribute as a on a.attrelid = c.oid and a.attnum = d.objsubid and a.attnum > 0
    where c.relnamespace = to_regnamespace(%s) and c.relname = any(%s)
    order by 1, 2 nulls first
"""

_COLUMNS = """
    select c.relname, a.attname
    from pg_class as c
    inner join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0
    where c.relnamespace = to_regnamespace(%s) and c.relname = any(%s)
"""


class Kept:
    """What somebody gave to views, to be given again in the same transaction.

    Parameters
    ----------
    con : psycopg.Connection
    run : callable
        Executes a statement, with parameters.
    views : sequence of str
        Names of views that there are now.
    """

    def __init__(
        self,
        con: psycopg.Connection[Any],
        run: Callable[..., psycopg.Cursor[Any]],
        views: Sequence[str],
    ) -> None:
        self.con = con
        self.run = run
        self.views = list(views)
        self.options = self._rows(_OPTIONS)
        self.owners = self._rows(_OWNERS)
        self.grants = self._rows(_GRANTS)
        self.comments = self._rows(_COMMENTS)

    def restore_options(self) -> None:
        """Set the options, such as ``security_invoker``, which replacing a view takes away."""
        for view, option, value in self.options:
            self._do("alter view {} set ({} = {})", _view(view), _name(option), _text(value))

    def restore(self) -> None:
        """Give everything again to views that were made anew, as far as they have the columns."""
        self.restore_options()
        there = self._rows(_COLUMNS)
        views, columns = {row[0] for row in there}, set(there)
        owners = dict(self._rows(_OWNERS))
        for view, owner in self.owners:
            if view in owners and owners[view] != owner:
                self._do("alter view {} owner to {}", _view(view), _name(owner))
        for view, column, privilege, grantee, _ in self._rows(_GRANTS):  # of the owner's defaults
            self._grant("revoke", view, column, privilege, grantee)
        for view, column, privilege, grantee, can_grant in self.grants:
            if view in views and (column is None or (view, column) in columns):
                self._grant("grant", view, column, privilege, grantee, can_grant=can_grant)
        for view, column, text in self.comments:
            if column is None and view in views:
                self._do("comment on view {} is {}", _view(view), _text(text))
            elif (view, column) in columns:
                self._do("comment on column {}.{} is {}", _view(view), _name(column), _text(text))

    def _grant(
        self,
        verb: str,
        view: str,
        column: str | None,
        privilege: str,
        grantee: str | None,
        *,
        can_grant: bool = False,
    ) -> None:
        from psycopg import sql

        what: sql.Composable = sql.SQL(privilege)
        if column is not None:
            what = sql.SQL("{} ({})").format(what, _name(column))
        whom = sql.SQL("public") if grantee is None else _name(grantee)
        to = sql.SQL("to" if verb == "grant" else "from")
        rest = sql.SQL(" with grant option" if can_grant else "")
        self._do("{} {} on {} {} {}{}", sql.SQL(verb), what, _view(view), to, whom, rest)

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.run(query, [SCHEMA, self.views]).fetchall()

    def _do(self, statement: str, *parts: sql.Composable) -> None:
        from psycopg import sql

        self.run(sql.SQL(statement).format(*parts).as_string(self.con))


def _view(name: str) -> sql.Composable:
    from psycopg import sql

    return sql.Identifier(SCHEMA, name)


def _name(name: str) -> sql.Composable:
    from psycopg import sql

    return sql.Identifier(name)


def _text(text: str) -> sql.Composable:
    from psycopg import sql

    return sql.Literal(text)
