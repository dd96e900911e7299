"""How dates that are texts or numbers are written: a format, and the expression that reads it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from segmenter.errors import InputError
from segmenter.schema.files import literal

if TYPE_CHECKING:
    from sqlglot import exp

__all__ = ["EPOCHS", "ISO", "checked_date_format", "date_reading", "is_known"]

ISO = "iso"
"""Dates as ISO 8601 has them, with or without a time and a zone."""

EPOCHS = {"epoch": 1_000_000, "epoch_ms": 1_000, "epoch_us": 1}
"""Formats of times since 1970, with the microseconds of their unit."""

_ZONE = ":[0-9.]+ ?([Zz]|UTC|GMT|[-+][0-9]{2}(:?[0-9]{2})?)$"
_FIRST_YEAR = 1000
_NUMERIC = {"d": "[0-9]{1,2}", "m": "[0-9]{1,2}", "Y": "[0-9]{4}", "y": "[0-9]{2}"}
_NUMERIC |= dict.fromkeys("HMS", "[0-9]{1,2}")
"""Parts of a date that every dialect reads alike, with what they look like."""


def checked_date_format(text: object) -> str:
    """Return a format of dates.

    Raises
    ------
    InputError
        It is none that DuckDB knows, or has no day.
    """
    import duckdb

    if isinstance(text, str) and text.strip() in (ISO, *EPOCHS):
        return text.strip()
    if isinstance(text, str) and "%" in text:
        parts = set(re.findall(r"%-?([A-Za-z])", text))
        year, month = parts & set("Yy"), parts & set("mbB")
        if (year and (month or "j" in parts)) or parts & set("cx"):
            try:
                duckdb.execute("select try_strptime('', $1)", [text])
            except duckdb.Error:
                pass
            else:
                return text
    raise InputError(
        "date_format must be a format of DuckDB's strptime with a year and a month such as "
        f"'%d/%m/%Y' or '%b %d, %Y %I:%M %p', or one of 'iso', 'epoch', 'epoch_ms' and 'epoch_us', "
        f"not {text!r}."
    )


def date_reading(text: exp.Expr, form: str, dialect: str = "duckdb") -> exp.Expr:
    """Return the time in a text, in UTC where it has a zone; NULL where it has another form.

    Parameters
    ----------
    text : Expr
        A column or expression, a text or a whole number.
    form : str
        As `checked_date_format` gave it.
    dialect : str
        Where it will run.

    Raises
    ------
    InputError
        Another dialect has no such format, or understands another by it.
    """
    from sqlglot import exp

    if dialect != "duckdb":
        return _ported(text, form, dialect)
    if form in EPOCHS:
        number = exp.cast(exp.TryCast(this=text.copy(), to=exp.DataType.build("bigint")), "bigint")
        return exp.func("make_timestamp", exp.Mul(this=number, expression=literal(EPOCHS[form])))
    as_text = exp.cast(text.copy(), "varchar")
    if form == ISO:
        has_zone = exp.RegexpLike(this=as_text, expression=literal(_ZONE))
        zoned = exp.TryCast(this=as_text.copy(), to=exp.DataType.build("timestamptz"))
        plain = exp.TryCast(this=as_text.copy(), to=exp.DataType.build("timestamp"))
        read: exp.Expr = exp.Case().when(has_zone, _in_utc(zoned)).else_(plain)
    else:
        read = exp.Anonymous(this="try_strptime", expressions=[as_text, literal(form)])
        if re.search("%[zZ]", form):
            read = _in_utc(read)
    # a year of two digits is no year of the Romans
    is_near = exp.GTE(this=exp.func("year", read), expression=literal(_FIRST_YEAR))
    return exp.Case().when(is_near, read.copy())


def _in_utc(time: exp.Expr) -> exp.Expr:
    from sqlglot import exp

    return exp.AtTimeZone(this=time, zone=literal("UTC"))


def is_known(form: str, dialect: str) -> bool:
    """Tell whether a dialect reads dates in a format."""
    from sqlglot import exp

    try:
        date_reading(exp.null(), form, dialect)
    except InputError:
        return False
    return True


def _ported(text: exp.Expr, form: str, dialect: str) -> exp.Expr:
    """Return the time where `dialect` reads it alike: its pattern is compared first."""
    from sqlglot import exp

    parts = re.split(r"%(.)", form)
    directives, between = parts[1::2], "".join(parts[::2])
    if form in (ISO, *EPOCHS) or set(directives) - set(_NUMERIC) or re.search("[A-Za-z]", between):
        raise InputError(
            f"date_format = {form!r} is not understood by {dialect}. Let a view there have the "
            "date as a timestamp, and fit that without date_format."
        )
    pattern = "".join(
        _NUMERIC[part] if odd else re.sub(r"([^ ])", r"[\1]", part)
        for odd, part in ((i % 2, part) for i, part in enumerate(parts))
    )
    read = exp.StrToTime(this=text.copy(), format=literal(form))
    return exp.Case().when(
        exp.RegexpLike(this=text.copy(), expression=literal(f"^{pattern}$")), read
    )
