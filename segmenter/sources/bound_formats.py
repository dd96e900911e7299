"""Texts that a format reads: those of the amount by `number_format`, of the date by `date_format`.

An expression that is itself a text is read as a whole. In any other, such as ``quantity * price``,
the columns are read that are texts and part of its value, not those that it only compares.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sqlglot import exp

from segmenter.errors import InputError, SegmenterError
from segmenter.sources.bound_expressions import (
    Binding,
    check_date,
    check_number,
    note_expression,
    read_columns,
    select_value,
)
from segmenter.sources.date_format import date_reading
from segmenter.sources.engine import Engine
from segmenter.sources.expressions import resolve, written
from segmenter.sources.file_columns import own_columns, shielded
from segmenter.sources.number_format import NumberFormat, canonical_currencies, is_missing
from segmenter.sources.recognition import currencies_of, only_one
from segmenter.sources.text_advice import TEXTS, WHOLE

__all__ = ["bind_amount_text", "bind_date_text", "value_columns"]

_SAMPLE = 100_000
"""Rows whose currency is looked at; another one behind them is a lost row."""


def bind_amount_text(engine: Engine, binding: Binding, text: str) -> exp.Expr:
    """Return the amount, its texts read by the number format.

    Raises
    ------
    InputError
        There is no text to be read, or amounts are in several currencies.
    """
    form = NumberFormat.parse(binding.source.number_format)
    tree, pieces = _pieces(engine, binding, "amount", text, TEXTS)
    if form.currency is None:
        samples = [select_value(binding, piece).limit(_SAMPLE) for piece in pieces]
        units = set[str]().union(*(currencies_of(engine, rows) for rows in samples))
        found = canonical_currencies(units)
        if len(found) > 1:
            raise InputError(
                f"amount = {text!r} of {binding.relation} is in several currencies "
                f"({', '.join(found)}), and their sum would mean nothing. Fit one of them, with "
                f"{only_one(written(text, binding.columns), units, form, binding.source.where)}."
            )
        form = replace(form, currency=found[0] if found else None)
    binding.formats["number_format"] = form.text

    def read(piece: exp.Expr) -> exp.Expr:
        return form.reading(piece, engine.dialect)

    return _bind(engine, binding, "amount", text, tree, pieces, read)


def bind_date_text(engine: Engine, binding: Binding, text: str) -> exp.Expr:
    """Return the date, its texts or whole numbers read by the date format."""
    form = str(binding.source.date_format)
    tree, pieces = _pieces(engine, binding, "date", text, (*TEXTS, *WHOLE))

    def read(piece: exp.Expr) -> exp.Expr:
        return date_reading(piece, form, engine.dialect)

    return _bind(engine, binding, "date", text, tree, pieces, read)


def value_columns(tree: exp.Expr) -> list[exp.Column]:
    """Return the columns of an expression that are not only compared with something."""
    return [column for column in tree.find_all(exp.Column) if not _is_compared(column, tree)]


def _is_compared(column: exp.Column, tree: exp.Expr) -> bool:
    node: exp.Expr = column
    while node is not tree and node.parent is not None:
        if isinstance(node.parent, exp.Predicate | exp.Connector):
            return True
        if isinstance(node.parent, exp.Case) and node.arg_key == "this":
            return True
        node = node.parent
    return False


def _pieces(
    engine: Engine, binding: Binding, name: str, text: str, kinds: tuple[str, ...]
) -> tuple[exp.Expr, list[exp.Expr]]:
    """Return an expression, and what of it is to be read: it itself, or some of its columns."""
    tree = resolve(engine.local, name, text, binding.columns, binding.relation)
    if binding.file is not None and binding.is_guessed:
        columns = own_columns(binding.file, (column.name for column in value_columns(tree)))
        binding.texts.extend(column for column in columns if column not in binding.texts)
        table = binding.file.table(doubles=binding.doubles, texts=binding.texts)
        binding.values["source"] = table
        binding.columns.update(read_columns(engine, table, binding.relation))
    kind = _type(engine, binding, tree)
    if kind is not None and kind.startswith(kinds):
        return tree, [tree]
    pieces: list[exp.Expr] = [
        column for column in value_columns(tree) if binding.columns[column.name].startswith(kinds)
    ]
    if not pieces:
        is_already = f"is {kind} already" if kind else "holds no text"
        raise InputError(
            f"{name} = {text!r} of {binding.relation} {is_already}, so that there is nothing to "
            f"read. Leave {_PARAMETERS[name]} out."
        )
    return tree, pieces


_PARAMETERS = {"amount": "number_format", "date": "date_format"}


def _type(engine: Engine, binding: Binding, tree: exp.Expr) -> str | None:
    """Return the type of an expression, None where it does not work before its texts are read."""
    try:
        (kind,) = engine.types(select_value(binding, tree).limit(0)).values()
    except SegmenterError:
        return None
    return kind


def _bind(
    engine: Engine,
    binding: Binding,
    name: str,
    text: str,
    tree: exp.Expr,
    pieces: list[exp.Expr],
    read: Callable[[exp.Expr], exp.Expr],
) -> exp.Expr:
    """Read the pieces of an expression, and note what is lost where a value has another form."""
    losses = []
    whole = tree
    binding.unread[name] = pieces[0].copy()
    for piece in pieces:
        column = piece.copy()
        if isinstance(piece, exp.Column):
            binding.readings[piece.name] = read(column)
        losses.append(_loss(column, read(column)))
        if piece is tree:
            whole = read(column)
        else:
            piece.replace(read(column))
    names = [piece.name for piece in pieces if piece is not tree]
    binding.read_texts[name] = list(dict.fromkeys(names))
    binding.losses[name] = exp.paren(exp.or_(*losses))
    whole = shielded(whole) if binding.is_guessed else whole
    check = check_number if name == "amount" else check_date
    return note_expression(engine, binding, name, text, whole, check)


def _loss(text: exp.Expr, reading: exp.Expr) -> exp.Expr:
    """Return the condition that a value is there, says nothing of missing, and is not read."""
    shown = exp.cast(text.copy(), "varchar")
    return exp.paren(
        exp.and_(
            exp.paren(reading).is_(exp.null()),
            text.copy().is_(exp.null()).not_(),
            exp.not_(is_missing(shown)),
        )
    )
