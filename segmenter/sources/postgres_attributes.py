"""Attributes in PostgreSQL, for what is exported there: the same latest value as in DuckDB.

Before version 18 there is no greatest of several values together, so that the latest is the first
of a list in order. Texts are compared by their bytes, as DuckDB compares them, whatever the
collation; of which type a column is, PostgreSQL says when it plans the query.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache

import sqlglot
from sqlglot import exp

from segmenter.sources.expressions import RESERVED, SOURCE_ALIAS

__all__ = ["postgres_attributes", "unquoted_where_plain"]

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

_BY_BYTES = """
    case
        when cast(pg_typeof({0}) as text) in ('text', 'character varying', 'character')
            then cast({0} as text)
    end collate "C" desc, {0} desc
"""

_UNDATED = "cast('-infinity' as timestamp)"

_FIRST = f"""
    (array_agg(
        :value order by coalesce(:moment, {_UNDATED}) desc, {{}}{_BY_BYTES.format(":value")}
    ) filter (where :value is not null))[1]
"""

_OF_ROWS = _FIRST.format("")

_OF_ORDERS = _FIRST.format(f"{_BY_BYTES.format('order_id')} nulls first, ")

_MOMENT = f"max(coalesce(ordered_at, {_UNDATED})) filter (where :value is not null)"


def postgres_attributes(names: Sequence[str] | None) -> dict[str, exp.Expr]:
    """Return what stands for the ``$placeholders`` of attributes in a script for PostgreSQL.

    Parameters
    ----------
    names : sequence of str or None
        As DuckDB's table calls them. A plain name is not quoted, so that a column of any case is
        found that was not quoted either when its table was made.
    """
    if not names:
        return {}
    moments = {name: f"{name} known at" for name in names}
    while not set(moments.values()).isdisjoint(names):
        moments = {name: f"{moment}_" for name, moment in moments.items()}

    def latest(template: str, moment: Callable[[str], str]) -> Callable[[str], exp.Expr]:
        return lambda name: _filled(template, value=name, moment=moment(name))

    def columns(*made: Callable[[str], exp.Expr]) -> exp.Tuple:
        return exp.Tuple(
            expressions=[
                exp.alias_(make(name), unquoted_where_plain(moments[name] if place else name))
                for name in names
                for place, make in enumerate(made)
            ]
        )

    def read(name: str) -> exp.Expr:
        return exp.Column(this=unquoted_where_plain(name), table=exp.to_identifier(SOURCE_ALIAS))

    of_rows = latest(_OF_ROWS, lambda _: "ordered_at")
    return {
        "attributes": exp.Tuple(expressions=[_column(name) for name in names]),
        "source_attributes": columns(read),
        "dated_attributes": columns(of_rows),
        "ordered_attributes": columns(of_rows, lambda name: _filled(_MOMENT, value=name)),
        "latest_attributes": columns(latest(_OF_ORDERS, moments.__getitem__)),
        "attribute_values": columns(_column),
    }


def _filled(template: str, **names: str) -> exp.Expr:
    columns = {key: _column(name) for key, name in names.items()}
    return exp.replace_placeholders(_parsed(template).copy(), **columns)


@cache
def _parsed(template: str) -> exp.Expr:
    return sqlglot.parse_one(template, dialect="postgres")


def _column(name: str) -> exp.Column:
    return exp.Column(this=unquoted_where_plain(name))


def unquoted_where_plain(name: str) -> exp.Identifier:
    """Return a column's name, in quotes where it could not stand without."""
    is_plain = _PLAIN.fullmatch(name) and name.lower() not in RESERVED
    return exp.to_identifier(name, quoted=not is_plain)
