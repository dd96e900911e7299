"""Options of DuckDB's CSV reader: their names and types as the reader knows them, as literals."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from segmenter.errors import InputError, did_you_mean

__all__ = ["csv_literals", "parsed_options", "value_literal"]

_OF_REJECTS = ("store_rejects", "rejects_")
_POSITIONAL = {"path", "paths", "col0"}
_TRUTH = {
    **dict.fromkeys(("true", "yes", "on", "1", "t"), True),
    **dict.fromkeys(("false", "no", "off", "0", "f"), False),
}


def parsed_options(words: list[str]) -> dict[str, Any]:
    """Return options that were typed as ``KEY=VALUE``, each value as its option's type.

    Raises
    ------
    InputError
        A word without a sign of equality, an option that is not known or given twice, or a value
        of another type.
    """
    found: dict[str, Any] = {}
    for word in words:
        name, sign, text = word.partition("=")
        name = name.strip().casefold()
        if not sign:
            raise InputError(
                f"csv options are given as KEY=VALUE, for example delim=';', and {word!r} is none."
            )
        if name in found:
            raise InputError(f"the csv option {name} is given twice. Give it once.")
        found[name] = _typed(name, text)
    return found


def csv_literals(options: Mapping[str, Any]) -> dict[str, exp.Expr]:
    """Return options as literals of SQL.

    Parameters
    ----------
    options : mapping of str to value
        Truth, number, text, list or mapping, as the option's type wants it.

    Raises
    ------
    InputError
        The reader knows no such option, or takes no such value.
    """
    return {name: value_literal(_typed(name, options[name])) for name in options}


@cache
def _known() -> dict[str, str]:
    """Return the options that the reader takes, and their types."""
    import duckdb

    with duckdb.connect() as con:
        rows = con.execute(
            "select parameters, parameter_types from duckdb_functions() "
            "where function_name = 'read_csv'"
        ).fetchall()
    pairs = {pair for names, types in rows for pair in zip(names, types, strict=True)}
    return {name: kind for name, kind in pairs if name not in _POSITIONAL}


def _typed(name: str, value: Any) -> Any:
    """Return a value as what an option takes."""
    kind = _kind(name)
    if kind == "BOOLEAN":
        truth = value if isinstance(value, bool) else _TRUTH.get(str(value).strip().casefold())
        if truth is None:
            raise _wrong(name, value, "true or false")
        return truth
    if kind.endswith("INT"):
        try:
            if isinstance(value, bool):
                raise ValueError
            return int(value)
        except (TypeError, ValueError):
            raise _wrong(name, value, "a whole number") from None
    if isinstance(value, str):
        if kind == "VARCHAR":
            return value
        found = _structured(name, value) if value.lstrip()[:1] in ("[", "{") else value
        is_text_of_list = kind == "VARCHAR[]" and isinstance(found, str)
        return [part.strip() for part in found.split(",")] if is_text_of_list else found
    if kind == "VARCHAR":
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise _wrong(name, value, "a text")
        return str(value)
    return value


def _kind(name: str) -> str:
    known = _known()
    if name.startswith(_OF_REJECTS):
        raise InputError(
            f"the csv option {name} is set here to count the lines that ignore_errors leaves out. "
            "Give csv = {'ignore_errors': True} alone."
        )
    if name not in known:
        usual = "delim, quote, escape, header, skip, encoding, decimal_separator, nullstr"
        raise InputError(
            f"the CSV reader has no option {name!r} (it has {usual} and others, see "
            f"https://duckdb.org/docs/stable/data/csv/overview).{did_you_mean(name, known)}"
        )
    return known[name]


def _wrong(name: str, value: Any, wanted: str) -> InputError:
    return InputError(f"the csv option {name} takes {wanted}, not {value!r}.")


def _structured(name: str, text: str) -> Any:
    """Return the list or mapping that a text has in SQL or JSON."""
    try:
        return _plain(sqlglot.parse_one(text, dialect="duckdb"))
    except (SqlglotError, ValueError):
        wanted = "a list such as ['a', 'b'], or a mapping such as {'a': 'VARCHAR'}"
        raise _wrong(name, text, wanted) from None


def _plain(tree: exp.Expr) -> Any:
    """Return what a tree of literals says; a word in double quotes is a text, as in JSON."""
    if isinstance(tree, exp.Struct):
        return {pair.this.name: _plain(pair.expression) for pair in tree.expressions}
    if isinstance(tree, exp.Array):
        return [_plain(item) for item in tree.expressions]
    if isinstance(tree, exp.Boolean):
        return bool(tree.this)
    if isinstance(tree, exp.Literal | exp.Column) and not tree.is_number:
        return tree.name
    if isinstance(tree, exp.Literal) and tree.is_int:
        return int(tree.name)
    raise ValueError


def value_literal(value: Any) -> exp.Expr:
    """Return a truth, number, text, list or mapping as a literal of SQL."""
    if isinstance(value, Mapping):
        pairs = [
            exp.PropertyEQ(this=exp.Literal.string(str(key)), expression=value_literal(value[key]))
            for key in value
        ]
        return exp.Struct(expressions=pairs)
    if isinstance(value, list | tuple):
        return exp.Array(expressions=[value_literal(item) for item in value])
    if isinstance(value, bool):
        return exp.Boolean(this=value)
    if isinstance(value, int | float):
        return exp.convert(value)
    return exp.Literal.string(str(value))
