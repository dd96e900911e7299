"""The user's table and columns as syntax trees where the table itself is out of reach.

What a fit looked up in DuckDB is taken here as it was written: names that were not quoted stay so,
because a warehouse may spell them in another case.
"""

from __future__ import annotations

import os
import re
from glob import has_magic

import duckdb
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from segmenter.engines.duckdb import Embedded
from segmenter.engines.known_alike import refuse_unknown
from segmenter.errors import InputError
from segmenter.formatting import is_text
from segmenter.points import MAX_CENTS, MAX_FREQUENCY
from segmenter.schema.files import literal, newest_order
from segmenter.settings import Settings
from segmenter.sources.attributes import attribute_values
from segmenter.sources.binding import bind_source
from segmenter.sources.bound_expressions import with_readings
from segmenter.sources.bound_formats import value_columns
from segmenter.sources.csv_options import csv_literals
from segmenter.sources.date_format import date_reading
from segmenter.sources.expressions import RESERVED, SOURCE_ALIAS
from segmenter.sources.file_formats import folder_options, reader
from segmenter.sources.file_names import PARQUET, is_url, kind_of
from segmenter.sources.files import InputFile
from segmenter.sources.folders import glob_of_folder, lake_format
from segmenter.sources.number_format import NumberFormat
from segmenter.sources.postgres_attributes import postgres_attributes
from segmenter.sources.source import Source
from segmenter.sources.unit import counted_in

__all__ = ["WITH_ATTRIBUTES", "computes", "source_values"]

WITH_ATTRIBUTES = ("duckdb", "postgres")
"""Where attributes stand with the customers of a script."""

_KNOWN_ALONE = ("clickhouse", "mysql", "sqlite")
"""Where an expression has to be known to mean the same, or is refused."""

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def source_values(
    source: Source, settings: Settings, dialect: str, table: str | None
) -> dict[str, exp.Expr]:
    """Return what stands for each ``$placeholder``, without a look at the table.

    Parameters
    ----------
    source : Source
        As it was stored with a model: a fit has checked its expressions.
    settings : Settings
    dialect : str
        Where the table is.
    table : str, optional
        Its name there; as in the source when absent.

    Raises
    ------
    InputError
        The source is a file or a data frame and no table is named; or it is a CSV file for DuckDB,
        and cannot be read as the fit read it.
    """
    relation = _relation(source, dialect, table)
    values: dict[str, exp.Expr] = {
        "source": relation,
        "row_filter": exp.true(),
        "cut": literal(settings.cut),
        "cut_on": literal(settings.cut_on),
        "max_amount": literal(MAX_CENTS / 100),
        "max_frequency": literal(MAX_FREQUENCY),
        "order": exp.null(),
        "date": exp.null(),
        "as_of": exp.cast(literal(str(source.as_of)) if source.as_of else exp.null(), "timestamp"),
        "window": _window(source.window),
        "monetary": exp.column("monetary", table=SOURCE_ALIAS),
        "frequency": exp.column("frequency", table=SOURCE_ALIAS),
    }
    own_names = {SOURCE_ALIAS, relation.name.casefold()}
    if isinstance(source.relation, str):
        own_names.add(source.relation.casefold().rsplit(".", 1)[-1].strip('"'))
    mapped = {
        "customer": source.customer_text,
        "amount": source.amount,
        "order": source.order,
        "date": source.date,
        "row_filter": source.where,
    }
    for name, text in mapped.items():
        if text is not None:
            values[name] = _expression(text, own_names)
            if dialect in _KNOWN_ALONE:
                refuse_unknown(values[name], dialect)
    if dialect == "duckdb":
        values |= attribute_values(source.attributes, is_read=True)
    elif dialect == "postgres":
        values |= postgres_attributes(source.attributes)
    _read_texts(values, source, dialect)
    if source.kind == "transactions":
        values["amount"] = counted_in(values["amount"], source.unit)
    values["moment"] = exp.cast(values["date"].copy(), "timestamp")
    values["newest_order"] = newest_order(values, added_up=source.kind != "transactions")
    if table is None and dialect == "duckdb" and source.is_file:
        path = _path(source)
        is_guessed = kind_of(path)[0] not in PARQUET and not lake_format(source.file)
        if is_guessed and not is_url(path):
            values |= _as_fitted(source, settings)
    return values


def computes(source: Source) -> bool:
    """Tell whether a source has expressions, and not only columns."""
    texts = (source.customer_text, source.amount, source.order, source.date, source.where)
    trees = (_parse(text) for text in texts if text is not None and not _PLAIN.fullmatch(text))
    return any(tree is not None and not isinstance(tree, exp.Column) for tree in trees)


def _as_fitted(source: Source, settings: Settings) -> dict[str, exp.Expr]:
    """Bind a CSV file as a fit does: its encoding, and what its guessed types need, is not stored.

    Without them the first whole numbers of a file would round the cents of all later ones.
    """
    with duckdb.connect() as con:
        return bind_source(Embedded(con), source, settings).values


def _read_texts(values: dict[str, exp.Expr], source: Source, dialect: str) -> None:
    """Let formats read the texts of the amount and the date, as the fit had it."""
    known = source._texts or {}
    readings: dict[str, exp.Expr] = {}
    for name, form in (("amount", source.number_format), ("date", source.date_format)):
        if form is None or name not in values:
            continue
        tree, columns = values[name], known.get(name)
        if isinstance(tree, exp.Column):
            readings[tree.name] = _read_as(tree, name, form, dialect)
        if not columns:
            values[name] = _read_as(tree, name, form, dialect)
            continue
        for column in value_columns(tree):
            if column.name in columns:
                readings[column.name] = _read_as(column.copy(), name, form, dialect)
                column.replace(_read_as(column.copy(), name, form, dialect))
    values["row_filter"] = with_readings(values["row_filter"], readings)


def _read_as(text: exp.Expr, name: str, form: str, dialect: str) -> exp.Expr:
    """Return how a format reads a text: that of the date, or of the amount."""
    if name == "date":
        if dialect in _KNOWN_ALONE:
            raise InputError(
                f"date_format = {form!r} is not understood by {dialect}. Let a view there have the "
                "date as a timestamp, and fit that without date_format."
            )
        return date_reading(text, form, dialect)
    return NumberFormat.parse(form).reading(text, dialect)


def _window(text: str | None) -> exp.Expr:
    """Return a time span; weeks as days, because not every warehouse has weeks."""
    if text is None:
        return exp.cast(exp.null(), "interval")
    number, unit = text.split()
    unit = unit.rstrip("s")
    if unit == "week":
        number, unit = str(int(number) * 7), "day"
    return exp.Interval(this=exp.Literal.string(number), unit=exp.var(unit.upper()))


def _relation(source: Source, dialect: str, table: str | None) -> exp.Table:
    if table is not None:
        return _table(table, dialect, dialect)
    stored = str(source.relation)
    if source.is_stored or (source.is_file and dialect != "duckdb"):
        kind = "a data frame" if source.was_frame else stored
        raise InputError(
            f"the model was fitted to {kind}, which {dialect} does not have. Name a table with the "
            "same columns there: table = 'shop.sales'."
        )
    if source.is_file and lake_format(source.file):
        return InputFile(source.file).table()
    if source.is_file:
        path = _path(source)
        options = folder_options(path, has_several=has_magic(path))
        options |= csv_literals(source.csv or {})
        return reader(path, options, kind_of(path)[0])
    return _table(stored, "duckdb", dialect)


def _path(source: Source) -> str:
    is_folder = os.path.isdir(source.file) and not lake_format(source.file)
    return glob_of_folder(source.file) if is_folder else source.file


def _table(name: str, written_for: str, dialect: str) -> exp.Table:
    """Parse a table's name, which may have a schema and a catalog; an odd one is quoted whole."""
    if not is_text(name):
        raise InputError(f"table must be a name in UTF-8, and {name!r} is none. Type it anew.")
    try:
        table = exp.to_table(name, dialect=written_for)
    except SqlglotError:
        table = None
    if table is None or table.alias or not isinstance(table.this, exp.Identifier):
        table = exp.table_(exp.to_identifier(name, quoted=True))
    for part in table.parts:
        if part.name.lower() in RESERVED:
            part.set("quoted", True)
    if dialect == "duckdb" and not table.db:
        table.set("db", exp.to_identifier("main"))
    return table


def _expression(text: str, own_names: set[str]) -> exp.Expr:
    """Return a column or expression that a fit has checked, over the alias of the source."""
    if _PLAIN.fullmatch(text):
        return _column(exp.to_identifier(text, quoted=text.lower() in RESERVED))
    tree = _parse(text)
    if tree is None:
        return _column(exp.to_identifier(text, quoted=True))
    if isinstance(tree, exp.Column):
        return _qualified(tree, own_names)
    for column in list(tree.find_all(exp.Column)):
        column.replace(_qualified(column, own_names))
    return exp.paren(tree)


def _parse(text: str) -> exp.Expr | None:
    """Return the expression in a text, None where it is but the odd name of a column."""
    try:
        tree = sqlglot.parse_one(text, dialect="duckdb")
    except SqlglotError:
        return None
    return tree if isinstance(tree, exp.Condition) else None


def _column(name: exp.Identifier) -> exp.Column:
    return exp.Column(this=name, table=exp.to_identifier(SOURCE_ALIAS))


def _qualified(column: exp.Column, own_names: set[str]) -> exp.Expr:
    """Return a column over the source's alias, its further parts as fields of a struct."""
    parts = [exp.to_identifier(p.name, quoted=p.args.get("quoted")) for p in column.parts]
    if len(parts) > 1 and parts[0].name.casefold() in own_names:
        parts = parts[1:]
    found: exp.Expr = _column(parts[0])
    for field in parts[1:]:
        found = exp.Dot(this=found, expression=field)
    return found
