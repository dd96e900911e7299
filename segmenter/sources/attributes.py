"""Attributes: columns of the user's table that stand with each customer, such as a country.

They take no part in the model. Of each customer the latest value that is known counts: SQL keeps
the greatest pair of a moment and a value, which does not depend on the order of rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from sqlglot import exp

from segmenter.errors import InputError, did_you_mean
from segmenter.schema.files import bind, literal
from segmenter.sources.expressions import SOURCE_ALIAS, quoted

if TYPE_CHECKING:
    from segmenter.sources.bound_expressions import Binding
    from segmenter.sources.engine import Engine

__all__ = ["attribute_values", "bind_attributes"]

_FILES = (
    *("transactions", "transactions_windowed", "customer_profile", "customer_profile_by_rows"),
    *("customers_classified", "customers_classified_by_rules", "customer_segments"),
    *("customer_upgrades", "next_actions", "segment_attributes", "attribute_drift"),
)
_QUERIES = ("published_labels", "differing_attributes")

_KINDS = (
    *("VARCHAR", "BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT"),
    *("USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT", "DECIMAL", "FLOAT", "DOUBLE", "DATE"),
    *("TIME", "TIMESTAMP", "UUID", "ENUM"),
)
"""How the types begin that every dashboard shows."""


def _found(names: Sequence[str], columns: Mapping[str, str], relation: str) -> dict[str, exp.Expr]:
    """Return the attributes, called as the table calls them, and what reads them.

    Parameters
    ----------
    names : sequence of str
        As they were given.
    columns : mapping of str to str
        The columns of the relation and their types.
    relation : str
        Its name, for messages.

    Raises
    ------
    InputError
        There is no such column, it is called like one of ours, or no dashboard shows its type.
    """
    folded = {column.casefold(): column for column in columns}
    found: dict[str, exp.Expr] = {}
    for name in names:
        column = name if name in columns else folded.get(name.casefold())
        if column is None:
            shown = ", ".join(list(columns)[:12]) + (", ..." if len(columns) > 12 else "")
            raise InputError(
                f"attribute {name!r} is not a column of {relation} ({shown})."
                f"{did_you_mean(name, columns)} An attribute is a column, no expression: where it "
                "has to be computed, fit to a view that has it as a column."
            )
        if column.casefold() in _ours():
            raise InputError(
                f"attribute {column!r} is called like a column of our own views. Fit to a view "
                f"that has it under another name, such as {f'own_{column}'!r}."
            )
        if not columns[column].startswith(_KINDS) or columns[column].endswith("]"):
            raise InputError(
                f"attribute {column!r} of {relation} is {columns[column]}, which dashboards do not "
                f"show. Fit to a view that has it as a text, cast({quoted(column)} as varchar)."
            )
        found[column] = _read(column, columns[column])
    return found


def bind_attributes(engine: Engine, binding: Binding, names: Sequence[str]) -> None:
    """Note what reads the attributes.

    Raises
    ------
    InputError
        There is no such column, it is called like one of ours, no dashboard shows its type, or the
        engine keeps its customers elsewhere.
    """
    if engine.dialect != "duckdb":
        raise InputError(
            f"attributes stand with the customers in DuckDB, and with {engine.name} these stay "
            "over there. Leave attributes out, and join the table's own columns to the view "
            "segments.customer_segments there."
        )
    found = _found(names, binding.columns, binding.relation)
    binding.values.update(_values(found))
    binding.types["source_attributes"] = ""  # so that they count as columns that are read


def attribute_values(names: Sequence[str] | None, *, is_read: bool = False) -> dict[str, exp.Expr]:
    """Return what stands for the ``$placeholders`` of attributes that were bound before.

    Parameters
    ----------
    names : sequence of str or None
        As the table calls them.
    is_read : bool, default False
        Whether they are read from the user's table.
    """
    return _values({name: _read(name, "") if is_read else None for name in names or ()})


def _values(found: Mapping[str, exp.Expr | None]) -> dict[str, exp.Expr]:
    """Return what stands for the ``$placeholders`` of the views that carry attributes.

    Parameters
    ----------
    found : mapping of str to Expr or None
        Attributes and what reads them from the user's table, if it is read.
    """
    if not found:
        return {}
    names = list(found)
    read = {name: tree for name, tree in found.items() if tree is not None}
    return {
        "attributes": _columns({name: _column(name) for name in names}, named=False),
        "source_attributes": _columns(read),
        "ordered_attributes": _columns({name: _latest(name, "order_id") for name in names}),
        "dated_attributes": _columns({name: _latest(name) for name in names}),
        "latest_attributes": _columns({name: exp.func("max", _column(name)) for name in names}),
        "attribute_values": _columns(
            {name: exp.func("struct_extract", _column(name), literal("value")) for name in names}
        ),
        "differing_attributes": _columns(
            {
                name: exp.NullSafeNEQ(
                    this=exp.func("min", _column(name)), expression=exp.func("max", _column(name))
                )
                for name in names
            }
        ),
        "counted_attributes": _columns({name: _count_if(_column(name)) for name in names}),
        "attribute_pairs": exp.Tuple(
            expressions=[
                _struct(
                    {
                        "attribute": literal(name),
                        "attribute_value": exp.cast(_column(name), "varchar"),
                    }
                )
                for name in names
            ]
        ),
    }


@cache
def _ours() -> frozenset[str]:
    """Return all names in the views that carry attributes, for which they could be mistaken."""
    files = [f"views/{name}" for name in _FILES] + [f"queries/{name}" for name in _QUERIES]
    names: set[str] = set()
    for file in files:
        tree = bind(file, _Anything())
        names |= {found.name for found in tree.find_all(exp.Column)}
        names |= {found.alias for found in tree.find_all(exp.Alias, exp.CTE, exp.TableAlias)}
        names |= {found.name for found in tree.find_all(exp.Table)}
    return frozenset(name.casefold() for name in names if name) | {"valid_from", "changed_by"}


class _Anything(dict[str, exp.Expr]):
    """Values for placeholders of which only what is around them matters."""

    def __missing__(self, name: str) -> exp.Expr:
        return exp.table_(name) if "source" in name else exp.null()


def _read(column: str, kind: str) -> exp.Expr:
    tree = exp.column(column, table=SOURCE_ALIAS, quoted=True)
    return exp.cast(tree, "varchar") if kind.startswith("ENUM") else tree


def _columns(trees: Mapping[str, exp.Expr], *, named: bool = True) -> exp.Tuple:
    columns = (
        exp.alias_(tree, name, quoted=True) if named else tree for name, tree in trees.items()
    )
    return exp.Tuple(expressions=list(columns))


def _column(name: str) -> exp.Expr:
    return exp.column(name, quoted=True)


def _latest(name: str, *more: str) -> exp.Expr:
    """Return the greatest of moment and value, of rows that have one."""
    never = exp.cast(literal("-infinity"), "timestamp")
    parts: dict[str, exp.Expr] = {
        "ordered_at": exp.func("coalesce", exp.column("ordered_at"), never)
    }
    parts |= {column: exp.column(column) for column in more}
    parts |= {"value": _column(name)}
    known = exp.Not(this=exp.Is(this=_column(name), expression=exp.null()))
    return exp.func("max", exp.case().when(known, _struct(parts)))


def _struct(parts: Mapping[str, exp.Expr]) -> exp.Expr:
    return exp.Struct(
        expressions=[
            exp.PropertyEQ(this=exp.to_identifier(name), expression=tree)
            for name, tree in parts.items()
        ]
    )


def _count_if(tree: exp.Expr) -> exp.Expr:
    return exp.func("count", exp.case().when(tree, literal(1)))
