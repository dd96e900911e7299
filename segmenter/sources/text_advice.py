"""Advice on texts where numbers or dates are needed: an expression that reads all rows."""

from __future__ import annotations

from sqlglot import exp

from segmenter.formatting import counted, verb
from segmenter.sources.amount_texts import Shape, read_shapes
from segmenter.sources.date_format import EPOCHS, ISO, is_known
from segmenter.sources.engine import Engine
from segmenter.sources.number_format import NumberFormat, canonical_currencies
from segmenter.sources.odd_dates import odd_dates
from segmenter.sources.recognition import (
    VALUE,
    count_fitting,
    has_exponents,
    number_formats,
    only_one,
    recognised_date,
    shapes_of,
)

__all__ = [
    "HERE",
    "SERIAL_DAYS",
    "TEXTS",
    "WHOLE",
    "date_advice",
    "number_advice",
    "number_readings",
]

HERE = "segmenter_here"
"""Stands in an expression for what reads a text."""

TEXTS = ("VARCHAR", "CHAR", "TEXT", "BPCHAR", "STRING")
"""How types of texts begin."""
WHOLE = ("BIGINT", "INTEGER", "UBIGINT", "UINTEGER", "HUGEINT")
"""Types of whole numbers that may hold times."""
SERIAL_DAYS = (20_000, 80_000)
"""What spreadsheets write for days from 1954 to 2119."""

_MOST_FORMS = 500


def number_advice(
    engine: Engine,
    rows: exp.Select,
    name: str,
    text: str,
    kind: str,
    whole: str = HERE,
    instead: str = "",
) -> str:
    """Return how a column that is no number can be read as one, as the end of a sentence.

    Parameters
    ----------
    engine : Engine
    rows : Select
        The column, as ``value``.
    name : str
        The parameter.
    text : str
        The column as it stands in an expression.
    kind : str
        Its type.
    whole : str
        The parameter's expression, with `HERE` in the place of what reads the column.
    instead : str
        What comes before a format where the parameter is to be another one, too.
    """
    if kind == "MONEY":  # PostgreSQL casts it no other way
        return f" that can be summed. Give {name} = {f'cast({text} as decimal(18, 2))'!r}."
    if kind == "JSON":
        read = f"cast({text} ->> '$' as double)"
        return (
            f", since its values are of several types. Give {name} = {whole.replace(HERE, read)!r}."
        )
    if kind == "BOOLEAN":
        return f". Give {name} = {f'cast({text} as double)'!r}, or another column."
    if not kind.startswith(TEXTS):
        return ". Name a column of numbers."
    shapes = shapes_of(engine, rows)
    if not shapes:
        return ", and it is NULL in every row. Name another column."
    if len(shapes) > _MOST_FORMS:
        return f" (for example {shapes[0].example!r}), and its values have no common form."
    reading = read_shapes(shapes)
    if not any("9" in shape.shape for shape in shapes):
        return (
            f" (for example {shapes[0].example!r}), and no value has a digit from 0 to 9. Name "
            "another column."
        )
    formats = number_formats(shapes) if name == "amount" and whole == HERE else []
    expressions = [read for _, read in reading.expressions(text)]
    found = [f"{name} = {whole.replace(HERE, read)!r}" for read in expressions]
    fits = ""
    if formats and not has_exponents(shapes):
        found = [f"{instead}number_format = {form.text!r}" for form in formats]
        fits = _fitting(engine, rows, formats[0])
    shown = f" (for example {_telling(shapes)!r})."
    noted = _missing(reading.texts) if found and not fits else ""
    units = canonical_currencies(reading.units)
    if reading.is_mixed:
        dot, comma = reading.has_dot or reading.dot, reading.has_comma or reading.comma
        return (
            f"{shown} Decimals come after a dot in some values ({dot!r}) and after a comma in "
            f"others ({comma!r}). Bring them to one form first."
        )
    if len(units) > 1:
        form = number_formats(shapes, of_several_currencies=True)[:1]
        way = "Bring them to one first."
        if form and name == "amount" and whole == HERE:
            way = f"Fit one of them, with {only_one(text, reading.units, form[0], None)}."
        return (
            f"{shown} Amounts are in several currencies ({', '.join(units)}), and their sum would "
            f"mean nothing. {way}"
        )
    if reading.odd:
        odd = sum(shape.found for shape in reading.odd)
        are, them = verb(odd, "is no number", "are no numbers"), verb(odd, "it", "them")
        noted += f" {counted(odd, 'row')} such as {reading.odd[0].example!r} {are}: mend {them}."
        if found and all(shape in reading.odd for shape in shapes if "9" in shape.shape):
            found = []
    if not found:
        return f"{shown}{noted}"
    if reading.unsure:
        char = "comma" if reading.unsure == reading.comma else "dot"
        thousands, decimals = found if char == "comma" else reversed(found)
        return (
            f"{shown} In {reading.unsure!r} the {char} may separate thousands or decimals, and no "
            f"value tells. If thousands, give {thousands}; if decimals, {decimals}.{noted}"
        )
    which = fits or ("the other values" if reading.odd else "every value")
    return f"{shown} This reads {which}: {found[0]}.{noted}"


def _fitting(engine: Engine, rows: exp.Select, form: NumberFormat) -> str:
    """Say how many rows a format reads."""
    found = count_fitting(engine, rows, form.reading(VALUE, engine.dialect))
    return _how_many(found["fitting"], found["rows"], found["odd"])


def _how_many(fitting: int, rows: int, odd: str | None) -> str:
    if fitting == rows:
        return verb(rows, "the one row with a value", f"all {rows:,} rows with a value")
    return f"{fitting:,} of {rows:,} rows with a value, but not {odd!r}"


def number_readings(engine: Engine, rows: exp.Select, text: str) -> list[str]:
    """Return the expressions that read every value of a text: two where thousands may be decimals.

    Parameters
    ----------
    engine, rows, text
        As of `number_advice`.
    """
    shapes = shapes_of(engine, rows)
    if len(shapes) > _MOST_FORMS:
        return []
    return [read for _, read in read_shapes(shapes).expressions(text)]


def _telling(shapes: list[Shape]) -> str:
    """Return the value of the form with the most that is no digit."""
    numbers = [shape for shape in shapes if "9" in shape.shape] or shapes
    return max(numbers, key=lambda shape: len(set(shape.shape) - {"9"})).example


def _missing(texts: dict[str, int]) -> str:
    """Say how many rows hold a text without a digit, which counts as no amount."""
    if not texts:
        return ""
    rows = sum(texts.values())
    shown = ", ".join(repr(text) for text in sorted(texts)[:5])
    have, count = verb(rows, "has", "have"), verb(rows, "counts", "count")
    return f" {counted(rows, 'row')} {have} {shown} and {count} as without a value."


def date_advice(
    engine: Engine,
    rows: exp.Select,
    name: str,
    text: str,
    kind: str,
    whole: str = HERE,
    instead: str = "",
) -> str:
    """Return how a column that is no date can be read as one, as the end of a sentence.

    Parameters
    ----------
    engine, rows, name, text, kind, whole, instead
        As of `number_advice`.
    """
    if not kind.startswith(TEXTS):
        serial = _serial_days(engine, rows, name, text, kind, whole)
        if serial or not kind.startswith(WHOLE):
            return serial or ". Name a column of dates."
    found = recognised_date(engine, rows)
    if found is None or found.fitting < found.rows:
        odd = odd_dates(engine, rows, text) if kind.startswith(TEXTS) else None
        if odd is not None:
            shown = f" (for example {found.odd if found else odd.example!r}).{odd.words}"
            way = f"{name} = {whole.replace(HERE, odd.expression)!r}"
            which = " This reads every row with a value:"
            return f"{shown}{which} {way}." if odd.expression else shown
    if found is None:
        values = engine.rows(_known(rows))
        if not values:
            return ", and it is NULL in every row. Name another column."
        return (
            f" (for example {str(values[0]['value'])!r}), and its values have no form that is "
            "known. Name a column of dates, or an expression that makes dates of them."
        )
    shown = f" (for example {found.example!r})."
    if (
        whole == HERE
        and name == "date"
        and all(is_known(form, engine.dialect) for form in found.formats)
    ):
        read = [f"{instead}date_format = {form!r}" for form in found.formats]
    else:
        read = [f"{name} = {whole.replace(HERE, _parsed(text, kind, f))!r}" for f in found.formats]
    if not found.is_sure:
        return f"{shown} No value tells which of day, month and year is which: give {_or(read)}."
    which = _how_many(found.fitting, found.rows, found.odd)
    return f"{shown} This reads {which}: {read[0]}."


def _serial_days(
    engine: Engine, rows: exp.Select, name: str, text: str, kind: str, whole: str
) -> str:
    """Return what reads days counted as spreadsheets do, empty where values are no such."""
    if engine.dialect != "duckdb" or not kind.startswith((*WHOLE, "DOUBLE", "FLOAT", "DECIMAL")):
        return ""
    query = exp.select("min(value) as low", "max(value) as high").from_(rows.subquery("numbers"))
    (row,) = engine.rows(query)
    low, high = row["low"], row["high"]
    if low is None or not SERIAL_DAYS[0] < low <= high < SERIAL_DAYS[1]:
        return ""
    read = f"date '1899-12-30' + cast({text} as integer)"
    if not kind.startswith(WHOLE):
        read = f"timestamp '1899-12-30' + to_seconds(round({text} * 86400))"
    way = f"{name} = {whole.replace(HERE, read)!r}"
    return f" (for example {low}). If it counts days as spreadsheets do, give {way}."


def _known(rows: exp.Select) -> exp.Select:
    query = exp.select("value").from_(rows.subquery("texts"))
    return query.where("not value is null").limit(1)


def _or(texts: list[str]) -> str:
    return f"{', '.join(texts[:-1])} or {texts[-1]}"


def _parsed(text: str, kind: str, form: str) -> str:
    """Return an expression of DuckDB that reads a date, as a user would write it."""
    if form in EPOCHS:
        return f"make_timestamp(cast({text} as bigint) * {EPOCHS[form]})"
    if not kind.startswith(TEXTS):
        text = f"cast({text} as varchar)"
    return f"cast({text} as timestamp)" if form == ISO else f"try_strptime({text}, '{form}')"
