"""A table: the rows of an answer, which outlive their connection once they are read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from html import escape
from typing import TYPE_CHECKING, Any, Self

from segmenter.errors import InputError, first_line
from segmenter.formatting import counted, percent, shortened, visible

if TYPE_CHECKING:
    import duckdb
    import pandas as pd
    import pyarrow as pa

__all__ = ["Query", "Table", "Tabular"]

Picture = Callable[[list[dict[str, Any]]], bytes | None]
"""Draws rows as a PNG file, or nothing where it cannot."""

_SHOWN = 20
_SHARES = ("share", "rate")
_PORTION = 10_000
_PLAIN = frozenset(
    (
        *("VARCHAR", "JSON", "BOOLEAN", "DATE", "TIMESTAMP"),
        *("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "DOUBLE"),
    )
)
"""Types whose values are the same in Python by way of Arrow and without it."""


@dataclass(frozen=True)
class Query:
    """A question to a database, not asked yet.

    Attributes
    ----------
    con : DuckDBPyConnection
    sql : str
    parameters : mapping or sequence, optional
    """

    con: duckdb.DuckDBPyConnection
    sql: str
    parameters: Any = None

    def rows(self, names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """Ask, and yield the rows in portions, so that millions of them can be written."""
        with _plain_errors():
            found = self.con.execute(self.sql, self.parameters)
        known = [column[0] for column in found.description or ()]
        places = [known.index(name) for name in names]
        while portion := found.fetchmany(_PORTION):
            yield from (tuple(row[place] for place in places) for row in portion)

    def table(self) -> Table:
        """Ask, and return all rows.

        Raises
        ------
        InputError
            The schema's own objects say why they have no answer.
        """
        with _plain_errors():
            found = self.con.sql(self.sql, params=self.parameters).to_arrow_table()
        return Table(_with_integers(found))

    def short_table(self) -> Table:
        """Ask, and return the rows, which are few: Arrow is imported when they are wanted as such.

        Raises
        ------
        InputError
            The schema's own objects say why they have no answer.
        """
        with _plain_errors():
            found = self.con.execute(self.sql, self.parameters)
            types = {name: str(kind) for name, kind, *_ in found.description or ()}
            rows = found.fetchall()
        if not _PLAIN.issuperset(types.values()):
            return self.table()
        return Table(_Rows([*types], rows, partial(_typed, types.values())))


class _Rows:
    """Rows as Python has them, with what a table asks of Arrow."""

    def __init__(
        self,
        column_names: list[str],
        rows: Sequence[tuple[Any, ...]],
        as_arrow: Callable[[_Rows], pa.Table],
    ) -> None:
        self.column_names = column_names
        self.num_rows = len(rows)
        self._rows = rows
        self._as_arrow = as_arrow

    def to_pylist(self) -> list[dict[str, Any]]:
        return [dict(zip(self.column_names, row, strict=True)) for row in self._rows]

    def columns(self) -> list[tuple[Any, ...]]:
        return [*zip(*self._rows, strict=True)] or [()] * len(self.column_names)

    @cached_property
    def arrow(self) -> pa.Table:
        return self._as_arrow(self)


def _typed(types: Iterable[str], rows: _Rows) -> pa.Table:
    """Return rows of columns of these types as the engine gives them to Arrow."""
    import duckdb
    import pyarrow as pa

    nothing = ", ".join(f"cast(null as {kind}) as c{place}" for place, kind in enumerate(types))
    with duckdb.connect() as con:
        fields = con.sql(f"select {nothing} limit 0").to_arrow_table().schema
    pairs = zip(rows.columns(), fields, strict=True)
    arrays = [pa.array(column, field.type) for column, field in pairs]
    return _with_integers(pa.table(arrays, names=rows.column_names))


def _inferred(rows: _Rows) -> pa.Table:
    """Return rows with the types of their values."""
    import pyarrow as pa

    return pa.table([pa.array(column) for column in rows.columns()], names=rows.column_names)


def _plain_column(values: Iterable[Any]) -> list[Any]:
    """Return values as Python's own; whole numbers among others are others."""
    found = [value.item() if hasattr(value, "item") else value for value in values]
    if {type(value) for value in found} - {type(None)} == {int, float}:
        return [None if value is None else float(value) for value in found]
    return found


class Table:
    """Rows with named columns: a result to read, or to go on with in pandas or Arrow.

    Examples
    --------
    >>> table = Table.of([{"segment": "Elite", "customers": 1200, "share": 0.25}])
    >>> table
    segment  customers   share
    Elite        1,200  25.0 %
    >>> table.columns
    ('segment', 'customers', 'share')
    >>> len(table), table.records()[0]["customers"]
    (1, 1200)
    """

    def __init__(self, rows: pa.Table | _Rows) -> None:
        self._rows: Any = rows
        self._picture: Picture | None = None

    def drawn_by(self, picture: Picture) -> Self:
        """Let notebooks show a picture above the rows."""
        self._picture = picture
        return self

    @classmethod
    def of(cls, rows: Sequence[Mapping[str, Any]], columns: Sequence[str] = ()) -> Table:
        """Return a table of mappings, which has these columns when there are none."""
        names = [*rows[0]] if rows else [*columns]
        made = [_plain_column(row.get(name) for row in rows) for name in names]
        return cls(_Rows(names, [*zip(*made, strict=True)], _inferred))

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(self._rows.column_names)

    def to_arrow(self) -> pa.Table:
        """Return the rows as an Arrow table."""
        return self._rows.arrow if isinstance(self._rows, _Rows) else self._rows

    def to_pandas(self) -> pd.DataFrame:
        """Return the rows as a pandas frame."""
        frame: pd.DataFrame = self.to_arrow().to_pandas()
        return frame

    def records(self) -> list[dict[str, Any]]:
        """Return the rows as dictionaries."""
        found: list[dict[str, Any]] = self._rows.to_pylist()
        return found

    def rows(self, names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """Yield the rows as tuples of these columns."""
        for row in self.records():
            yield tuple(row[name] for name in names)

    def __len__(self) -> int:
        return int(self._rows.num_rows)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.records())

    def __repr__(self) -> str:
        cells = [list(self.columns), *([shortened(one) for one in row] for row in self._shown())]
        numeric = self._numeric()
        widths = [max(len(row[place]) for row in cells) for place in range(len(self.columns))]
        lines = [
            "  ".join(
                text.rjust(width) if right else text.ljust(width)
                for text, width, right in zip(row, widths, numeric, strict=True)
            ).rstrip()
            for row in cells
        ]
        return "\n".join([*lines, *self._rest()])

    def _repr_html_(self) -> str:
        sides = ["right" if right else "left" for right in self._numeric()]

        def row_of(tag: str, texts: Sequence[str]) -> str:
            cells = (
                f'<{tag} style="text-align: {side}">{escape(text)}</{tag}>'
                for text, side in zip(texts, sides, strict=True)
            )
            return f"<tr>{''.join(cells)}</tr>"

        body = "".join(row_of("td", row) for row in self._shown())
        head = row_of("th", self.columns)
        rest = "".join(f"<p>{escape(line)}</p>" for line in self._rest())
        table = f"<table><thead>{head}</thead><tbody>{body}</tbody></table>{rest}"
        drawn = None if self._picture is None else self._picture(self.records())
        if drawn is None:
            return table
        data = b64encode(drawn).decode()
        return f'<img style="max-width: 100%" src="data:image/png;base64,{data}">{table}'

    def _shown(self) -> list[list[str]]:
        """Return the first rows as a person reads them."""
        return [
            [_readable(name, value) for name, value in row.items()]
            for row in self.to_arrow().slice(0, _SHOWN).to_pylist()
        ]

    def _rest(self) -> list[str]:
        more = len(self) - _SHOWN
        return [f"... and {counted(more, 'more row', 'more rows')}"] if more > 0 else []

    def _numeric(self) -> list[bool]:
        import pyarrow as pa

        kinds = self.to_arrow().schema.types
        return [
            pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
            for kind in kinds
        ]


class Tabular(ABC):
    """A result that is a table and some words."""

    if TYPE_CHECKING:

        @property
        def table(self) -> Table:
            """The rows."""

    @abstractmethod
    def words(self) -> str:
        """Return the result in a sentence."""

    def to_arrow(self) -> pa.Table:
        """Return the table for Arrow."""
        return self.table.to_arrow()

    def to_pandas(self) -> pd.DataFrame:
        """Return the table as a pandas frame."""
        return self.table.to_pandas()

    def __repr__(self) -> str:
        return f"{self.words()}\n{self.table!r}"

    def _repr_html_(self) -> str:
        return f"<p>{escape(self.words())}</p>{self.table._repr_html_()}"


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Turn what the SQL says by ``error()`` into our error."""
    import duckdb

    try:
        yield
    except duckdb.InvalidInputException as error:
        raise InputError(first_line(error)) from None


def _readable(name: str, value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float) and any(part in _SHARES for part in name.split("_")):
        return percent(value, 1)
    if isinstance(value, float):
        return f"{value:,.2f}"
    if isinstance(value, int) and not isinstance(value, bool) and not name.endswith("_id"):
        return f"{value:,}"
    return visible(str(value))


def _with_integers(rows: pa.Table) -> pa.Table:
    """Return whole numbers as integers: a sum of them is wider in DuckDB."""
    import pyarrow as pa

    for place, column in enumerate(rows.schema):
        if pa.types.is_decimal(column.type) and column.type.scale == 0:
            try:
                values = rows.column(place).cast(pa.int64())
            except pa.ArrowInvalid:
                continue
            rows = rows.set_column(place, column.name, values)
    return rows
