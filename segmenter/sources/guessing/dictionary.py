"""What columns are called: names by their meaning, and the layouts of well-known exports.

Both are data: ``words.toml`` and ``layouts.toml`` beside this file.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from typing import Any

import sqlglot
from sqlglot import exp

__all__ = ["Layout", "called", "find_layout", "hinted", "listed", "named", "plain", "says"]

_WORD_END = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_LETTERS = str.maketrans("łøıđ", "loid")
_MOST_WORDS = 5
_KINDS = {
    "customer": ("id", "email", "other"),
    "order": ("id",),
    "date": ("ordered",),
    "amount": ("complete", "money", "line", "part", "unit", "price", "cents"),
}
_SIGNS = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class Layout:
    """An export that is recognised by its columns; ``layouts.toml`` says what each part means."""

    name: str
    has: tuple[str, ...]
    customer: tuple[str, ...]
    amount: tuple[str, ...]
    order: tuple[str, ...] = ()
    date: tuple[str, ...] = ()
    currency: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    when_whole: tuple[str, ...] = ()
    where: str | None = None
    is_line: bool = False
    note: str | None = None
    doubt: str | None = None

    def column(self, role: str, columns: Collection[str]) -> str | None:
        """Return the first of the columns for a role that is there, as the table spells it."""
        by_folded = {column.casefold(): column for column in columns}
        wanted = (name.casefold() for name in getattr(self, role))
        return next((by_folded[name] for name in wanted if name in by_folded), None)

    def expression(self, columns: Collection[str]) -> str | None:
        """Return the first expression of the amount whose columns are all there."""
        known = {column.casefold() for column in columns}
        return next((text for text in self.amount if _columns(text) <= known), None)


def find_layout(columns: Mapping[str, str]) -> Layout | None:
    """Return the layout that has most of its columns among these, which have types."""
    types = {name.casefold(): kind for name, kind in columns.items()}
    fitting = [layout for layout in _layouts() if _fits(layout, types)]
    return max(fitting, key=lambda layout: len(layout.has), default=None)


def _fits(layout: Layout, types: Mapping[str, str]) -> bool:
    """Whether a layout's columns are among these, whose names are folded."""
    if not types.keys() >= {name.casefold() for name in layout.has}:
        return False
    whole = [types[name.casefold()] for name in layout.when_whole]
    is_whole = all(kind.removeprefix("U").endswith(("INT", "INTEGER")) for kind in whole)
    has_both = layout.column("customer", types) and layout.expression(types)
    return is_whole and bool(has_both)


def plain(name: str) -> str:
    """Return a column's name without what two spellings of it may differ in.

    Examples
    --------
    >>> plain("CustomerID"), plain("customer_id"), plain("N° commande")
    ('customerid', 'customerid', 'ncommande')
    """
    return "".join(_parts(name))


def named(columns: Collection[str], role: str, kind: str) -> list[str]:
    """Return the columns with a name of this meaning, better names first."""
    ranks = _ranks(role, kind)
    found = [column for column in columns if plain(column) in ranks]
    return sorted(found, key=lambda column: ranks[plain(column)])


def called(columns: Collection[str], role: str) -> list[str]:
    """Return the columns with a name of any meaning that one of the role's own columns has."""
    found = (name for kind in _KINDS[role] for name in named(columns, role, kind))
    return list(dict.fromkeys(found))


def hinted(columns: Collection[str], role: str, kind: str) -> list[str]:
    """Return the columns with such a name within their own, such as ``total`` in total_in_euro."""
    wanted = [_parts(name) for name in _words()[role][kind]]
    return [
        column
        for column in columns
        if any(_contains(_parts(column), parts) for parts in wanted if parts != ("id",))
    ]


def says(value: str, kind: str) -> bool:
    """Whether a value of a column of states has words of this kind within it.

    Examples
    --------
    >>> says("Cancelled by customer", "no_sale"), says("not cancelled", "no_sale")
    (True, False)
    """
    parts = _parts(value)
    if len(parts) > _MOST_WORDS or (
        kind == "no_sale" and any(part in _words()["status"]["not_within"] for part in parts)
    ):
        return False
    return any(_contains(parts, _parts(words)) for words in _words()["status"][f"{kind}_within"])


def listed(role: str, kind: str) -> frozenset[str]:
    """Return a list of values as it stands."""
    return frozenset(_words()[role][kind])


def _parts(name: str) -> tuple[str, ...]:
    spaced = _WORD_END.sub(" ", name.replace("ß", "ss"))
    bare = "".join(
        char for char in unicodedata.normalize("NFKD", spaced) if not unicodedata.combining(char)
    )
    folded = bare.casefold().translate(_LETTERS)
    return tuple(_SIGNS.sub(" ", folded).split())


def _contains(parts: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    return any(parts[at : at + len(wanted)] == wanted for at in range(len(parts)))


def _columns(text: str) -> set[str]:
    tree = sqlglot.parse_one(text, dialect="duckdb")
    return {column.name.casefold() for column in tree.find_all(exp.Column)}


@cache
def _ranks(role: str, kind: str) -> dict[str, int]:
    ranks: dict[str, int] = {}
    for rank, name in enumerate(_words()[role][kind]):
        ranks.setdefault(plain(name), rank)
    return ranks


@cache
def _words() -> dict[str, dict[str, list[str]]]:
    return _read("words.toml")


@cache
def _layouts() -> tuple[Layout, ...]:
    return tuple(map(_layout, _read("layouts.toml")["layout"]))


def _layout(table: dict[str, Any]) -> Layout:
    several = {field.name for field in fields(Layout) if "tuple" in str(field.type)}
    values: dict[str, Any] = {}
    for key, value in table.items():
        listed_values = [value] if isinstance(value, str) else value
        values[key] = tuple(listed_values) if key in several else value
    return Layout(**values)


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((files("segmenter.sources.guessing") / name).read_text(encoding="utf-8"))
