"""Dates that no single format reads: months in other languages, several forms in one column.

What reads them is an expression of DuckDB, to be copied.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from sqlglot import exp, parse_one

from segmenter.formatting import counted, verb
from segmenter.sources.date_format import date_reading
from segmenter.sources.engine import Engine
from segmenter.sources.recognition import VALUE, count_fitting, formats_of, known_texts

__all__ = ["OddDates", "odd_dates"]

_MONTHS = {
    "German": "jan feb mar apr mai jun jul aug sep okt nov dez",
    "French": "janv fevr mars avri mai juin juil aout sept octo nove dece "
    "jan fev mar avr mai jun jul aou sep oct nov dec",
    "Spanish": "ene feb mar abr may jun jul ago sep oct nov dic",
    "Italian": "gen feb mar apr mag giu lug ago set ott nov dic",
    "Portuguese": "jan fev mar abr mai jun jul ago set out nov dez",
    "Dutch": "jan feb maa apr mei jun jul aug sep okt nov dec "
    "jan feb mrt apr mei jun jul aug sep okt nov dec",
    "Swedish, Danish or Slovak": "jan feb mar apr maj jun jul aug sep okt nov dec",
    "Norwegian": "jan feb mar apr mai jun jul aug sep okt nov des",
    "Finnish": "tamm helm maal huht touk kesa hein elok syys loka marr joul",
    "Polish": "sty lut mar kwi maj cze lip sie wrz paz lis gru",
    "Romanian": "ian feb mar apr mai iun iul aug sep oct noi dec",
    "Turkish": "oca sub mar nis may haz tem agu eyl eki kas ara",
    "Czech": "ledna unora brezna dubna kvetna cervna cervence srpna zari rijna listopad prosince "
    "leden unor brezen duben kveten cerven cervenec srpen zari rijen listopad prosinec "
    "led uno bre dub kve cvn cvc srp zar rij lis pro",
    "Croatian": "sij vel ozu tra svi lip srp kol ruj lis stu pro",
    "Slovene": "jan feb mar apr maj jun jul avg sep okt nov dec",
    "Hungarian": "jan feb mar apr maj jun jul aug sze okt nov dec",
    "Greek": "ιανο φεβρ μαρτ απρι μαιο ιουν ιουλ αυγο σεπτ οκτω νοεμ δεκε "
    "ιαν φεβ μαρ απρ μαι ιουν ιουλ αυγ σεπ οκτ νοε δεκ",
    "Russian": "янв фев мар апр маи июн июл авг сен окт ноя дек "
    "янв фев мар апр мая июн июл авг сен окт ноя дек",
    "Ukrainian": "січ лют бер кві тра чер лип сер вер жов лис гру",
    "Bulgarian": "яну фев мар апр маи юни юли авг сеп окт ное дек",
}
"""How the months begin, without accents; names of one language that differ are in further rows.

A name that is shorter than the longest of them stands whole.
"""

_DAYS = (
    "%d. %m %Y", "%d %m %Y", "%d-%m-%Y", "%d/%m/%Y", "%d.%m.%Y", "%d. %m. %Y", "%d de %m de %Y",
    "%d %m, %Y", "%m %d, %Y", "%m %d %Y", "%Y-%m-%d", "%Y %m %d", "%d. %m %y", "%d %m %y",
    "%d-%m-%y", "%d/%m/%y", "%d.%m.%y", "%Y. %m %d.", "%Y. %m %d",
)  # fmt: skip
"""Forms of dates whose month was a word, and is a number."""

_TIMES = ("", " %H:%M", " %H:%M:%S", ", %H:%M", ", %H:%M:%S")
_MOST_FORMS = 4
_FIRST_YEAR = 1000
_OTHER_YEAR = str.maketrans("yY", "Yy")
_TEXT = "segmenter_text"


class OddDates(NamedTuple):
    """What is said of dates, and the expression that reads every one of them, empty for none."""

    example: str
    words: str
    expression: str


_Written = Callable[[str], str]
"""Returns the SQL of an expression over that of a text."""


def odd_dates(engine: Engine, rows: exp.Select, text: str) -> OddDates | None:
    """Return what reads every text of a column, None where nothing is known to.

    Parameters
    ----------
    engine : Engine
        An expression is found for DuckDB only.
    rows : Select
        The texts, as ``value``.
    text : str
        The column or expression that they come from, as it stands in SQL.
    """
    if engine.dialect != "duckdb":
        return None
    texts = known_texts(engine, rows)
    found = _named_months(engine, texts) or _several_forms(engine, rows, texts)
    if found is None:
        return None
    words, written = found
    if written is None:
        return OddDates(texts[0], words, "")
    tree = parse_one(written(VALUE.sql(dialect="duckdb")), dialect="duckdb")
    if count_fitting(engine, rows, tree)["odd"] is not None:  # of rows that were not looked at
        return None
    return OddDates(texts[0], words, written(text))


def _named_months(engine: Engine, texts: list[str]) -> tuple[str, _Written] | None:
    """Read dates with months in another language than English."""
    for language, names in _MONTHS.items():
        months = names.split()
        if not _reads(engine, _with_number(_TEXT, months), texts):
            continue
        for form in (day + time for day in _DAYS for time in _TIMES):

            def written(text: str, months: list[str] = months, form: str = form) -> str:
                return f"try_strptime({_with_number(text, months)}, '{form}')"

            if _reads(engine, f"year({written(_TEXT)}) >= {_FIRST_YEAR} or null", texts):
                return f" Months are {language}.", written
    return None


def _with_number(text: str, months: list[str]) -> str:
    """Return the SQL of a text with the number of its month in the place of the name."""
    size = max(len(month) for month in months)
    listed = ", ".join(f"'{month}'" for month in months)
    word = f"strip_accents(lower(regexp_extract({text}, '\\p{{L}}{{3,}}')))"
    place = f"list_position([{listed}], left({word}, {size}))"
    if len(months) > 12:
        place = f"(({place} - 1) % 12 + 1)"
    return f"regexp_replace({text}, '\\p{{L}}{{3,}}[.]?', cast({place} as varchar))"


def _several_forms(
    engine: Engine, rows: exp.Select, texts: list[str]
) -> tuple[str, _Written | None] | None:
    """Read dates of which some are written in one form, and others in another."""
    alike: list[list[str]] = []
    rest = texts
    while rest and len(alike) < _MOST_FORMS:
        found = formats_of(engine, rest, 0.0, has_iso=False)
        if not found:
            return None
        alike.append(found)
        rest = _unread(engine, rest, found[0])
    if rest or len(alike) < 2:
        return None
    alike = _with_the_same_order(alike)
    forms = [found[0] for found in alike]
    possible = list(dict.fromkeys(form for found in alike for form in found))
    either = _clash(engine, possible, texts)
    if either is not None:
        return (
            f" Its values are written as {', '.join(possible)}, and nothing tells which of them "
            f"{either!r} is. Mend them where they come from.",
            None,
        )
    forms.sort(key=lambda form: "%y" not in form)  # or a year of two digits is one of the Romans
    counts = [count_fitting(engine, rows, date_reading(VALUE, form))["fitting"] for form in forms]
    said = ", ".join(
        f"{counted(n, 'row')} {verb(n, 'has', 'have')} the form {form}"
        for n, form in zip(counts, forms, strict=True)
    )

    def written(text: str) -> str:
        reads = ", ".join(f"try_strptime({text}, '{form}')" for form in forms)
        return f"coalesce({reads})"

    return f" {said[0].upper()}{said[1:]}.", written


def _with_the_same_order(alike: list[list[str]]) -> list[list[str]]:
    """Of forms that read the same rows keep those that others have with a longer or shorter year.

    Where some rows have ``%d/%m/%Y``, those with two digits have ``%d/%m/%y`` and not ``%y/%m/%d``.
    """
    every = {form for found in alike for form in found}

    def stands_twice(form: str) -> bool:
        return "%y" in form.lower() and form.translate(_OTHER_YEAR) in every

    return [[form for form in found if stands_twice(form)] or found for found in alike]


def _unread(engine: Engine, texts: list[str], form: str) -> list[str]:
    read = date_reading(exp.column(_TEXT), form).sql(dialect="duckdb")
    query = f"select {_TEXT} from (select unnest($1) as {_TEXT}) where ({read}) is null order by 1"
    return [row[0] for row in engine.local.execute(query, [texts]).fetchall()]


def _clash(engine: Engine, forms: list[str], texts: list[str]) -> str | None:
    """Return a text that two of the forms read, each in another way."""
    reads = [date_reading(exp.column(_TEXT), form).sql(dialect="duckdb") for form in forms]
    listed = ", ".join(reads)
    query = (
        f"select min({_TEXT}) from (select unnest($1) as {_TEXT}) "
        f"where greatest({listed}) <> least({listed})"
    )
    (found,) = engine.local.execute(query, [texts]).fetchall()[0]
    return None if found is None else str(found)


def _reads(engine: Engine, read: str, texts: list[str]) -> bool:
    """Tell whether an expression is NULL for no text."""
    query = f"select count({read}) from (select unnest($1) as {_TEXT})"
    (found,) = engine.local.execute(query, [texts]).fetchall()[0]
    return bool(texts) and bool(found == len(texts))
