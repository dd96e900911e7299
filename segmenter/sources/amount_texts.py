"""Amounts that are texts: how they are written, and the expression that reads every one of them.

What is looked at is not values but their forms, each digit as a 9 (``9,999.99``): a few forms say
how a million rows are written, so that an expression can be right for all of them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

__all__ = ["CURRENCIES", "Reading", "Shape", "read_shapes"]

_SPACES = " \t\u00a0\u2009\u202f"
_APOSTROPHES = "'\u2019"
_MINUS = "-\u2212\u2013"
_NO_CENTS = re.compile("(?<=9)[.,][-\u2212\u2013\u2014]{1,2}(?![9.,])")
"""A dash in the place of the cents, as in ``44.-``, which is no minus."""

_DOT_OF_WORD = re.compile(r"(?<=[^\W\d_])\.")
_SCIENTIFIC = re.compile(r"[+-]?9+(\.9*)?[eE][+-]?9+")
_PLAIN = re.compile(r"9+")
_ONE_DOT = re.compile(r"9*\.9+|9+\.")
_ONE_COMMA = re.compile(r"9*,9+")
_MAYBE_DOT = re.compile(r"9{1,3}\.999")
_MAYBE_COMMA = re.compile(r"9{1,3},999")
_COMMA_GROUPS = re.compile(r"9{1,3}(,9{2,3})*,999(?P<decimals>\.9*)?")
_DOT_GROUPS = re.compile(r"9{1,3}(\.999)+(?P<decimals>,9*)?")
_MOST_TEXTS = 10

_CODES = """
aed ars aud bgn bhd brl cad chf clp cny cop czk dkk egp eur gbp hkd huf idr ils inr isk jpy kes
krw kwd kzt mad mxn myr ngn nok nzd pen php pkr pln qar ron rsd rub sar sek sgd thb tnd try twd
uah usd vnd zar fr sfr kr kč ft lei лв руб р r rm rs re rp tl zł dm tk
$ us$ a$ ca$ c$ nz$ hk$ s$ r$ nt$ £ € ¥ ₹ ₽ ₩ ₺ ₫ ₴ ₦ ₪ ₱ ฿ ₡ ₲ ₵ ₸ ₼ ₾ ¢ 円 元 원
"""
CURRENCIES = frozenset(_CODES.split())
"""ISO 4217 codes of the usual currencies, their marks and what people write for them."""


class Shape(NamedTuple):
    """A form, the number of rows that have it, and one of their values."""

    shape: str
    found: int
    example: str


@dataclass
class Reading:
    """How amounts are written.

    Attributes
    ----------
    has_dot, has_comma : str or None
        A value whose decimals can only be after a dot, or a comma.
    dot, comma : str or None
        A value with one dot, or comma, before three digits: it may separate thousands.
    extras : set of str
        Characters that are neither digits nor dot, comma and leading minus.
    has_sign : bool
        Whether a minus comes last, or parentheses stand for it.
    texts : dict of str to int
        Texts without a digit, and the rows that have them.
    odd : list of Shape
        Forms with digits that are no amounts.
    units : set of str
        Currencies, as marks or codes, that stand beside the digits.
    separators : set of str
        Those of dot and comma that occur.
    groups : set of str
        Spaces and apostrophes between digits.
    is_read : bool
        Whether any value is a number.
    needs_format : bool
        Whether a dash or a dot stands where only a number format knows that it is none.
    """

    has_dot: str | None = None
    has_comma: str | None = None
    dot: str | None = None
    comma: str | None = None
    extras: set[str] = field(default_factory=set)
    has_sign: bool = False
    texts: dict[str, int] = field(default_factory=dict)
    odd: list[Shape] = field(default_factory=list)
    units: set[str] = field(default_factory=set)
    separators: set[str] = field(default_factory=set)
    groups: set[str] = field(default_factory=set)
    is_read: bool = False
    needs_format: bool = False

    @property
    def is_mixed(self) -> bool:
        """Whether some values have decimals after a dot and others after a comma."""
        has_dot, has_comma = bool(self.has_dot), bool(self.has_comma)
        return (has_dot and has_comma) or bool(
            self.dot and self.comma and not (has_dot or has_comma)
        )

    @property
    def unsure(self) -> str | None:
        """A value whose separator may be one of thousands or of decimals."""
        known = self.has_dot or self.has_comma or self.is_mixed
        return None if known else self.comma or self.dot

    def expressions(self, text: str) -> Iterator[tuple[str, str]]:
        """Yield what the decimals come after, and the expression that reads every value so.

        There is none where values contradict each other, or where what is no amount would become
        one once its other characters are taken out.

        Parameters
        ----------
        text : str
            The column or expression of the texts.
        """
        if not self.is_read or self.needs_format:
            return
        if self.is_mixed or len(self.units) > 1 or (self.odd and (self.extras or self.has_sign)):
            return
        if self.unsure or not self.has_comma:
            yield ".", self._expression(text, ".")
        if self.unsure or self.has_comma:
            yield ",", self._expression(text, ",")

    def _expression(self, text: str, decimal: str) -> str:
        known = self._without_texts(text)
        cast = "try_cast" if self.odd or len(self.texts) > _MOST_TEXTS else "cast"
        other = "," if decimal == "." else "."
        if self.has_sign:
            digits = f"regexp_replace({known}, '[^0-9{decimal}]', '', 'g')"
            sign = f"case when regexp_matches({text}, '[-\u2212\u2013(]') then -1 else 1 end"
            return f"{sign} * {cast}({_with_dot(digits, decimal)} as double)"
        if self.extras:
            kept = f"regexp_replace({known}, '[^0-9{decimal}-]', '', 'g')"
        else:
            kept = f"replace({known}, '{other}', '')" if other in self.separators else known
        return f"{cast}({_with_dot(kept, decimal)} as double)"

    def _without_texts(self, text: str) -> str:
        """Return the text, NULL where it is one of those that are no amounts."""
        texts = sorted(self.texts)
        if not texts or len(texts) > _MOST_TEXTS:
            return text
        listed = ", ".join("'{}'".format(found.replace("'", "''")) for found in texts)
        if len(texts) == 1:
            return f"nullif({text}, {listed})"
        return f"case when {text} not in ({listed}) then {text} end"


def _with_dot(text: str, decimal: str) -> str:
    return text if decimal == "." else f"replace({text}, ',', '.')"


def read_shapes(shapes: Iterable[Shape]) -> Reading:
    """Find out how amounts are written.

    Examples
    --------
    >>> reading = read_shapes([Shape("9,999.99", 5, "1,105.60"), Shape("999.99", 9, "928.40")])
    >>> list(reading.expressions("amount"))
    [('.', "cast(replace(amount, ',', '') as double)")]
    """
    reading = Reading()
    scientific: list[Shape] = []
    for shape in shapes:
        if "9" not in shape.shape:
            reading.texts[shape.shape] = shape.found
        elif _SCIENTIFIC.fullmatch(shape.shape):
            scientific.append(shape)
        elif not _read(reading, shape):
            reading.odd.append(shape)
    reading.is_read |= bool(scientific)
    if reading.extras or reading.has_sign or reading.has_comma:
        reading.odd += scientific  # the letter would be taken out
    return reading


def _read(reading: Reading, shape: Shape) -> bool:
    """Note what a form says; return False where it is no amount."""
    text, dashes = _NO_CENTS.subn(_without_dash, shape.shape)
    first, last = text.index("9"), text.rindex("9")
    if first and text[first - 1] in ".," and not _DOT_OF_WORD.match(text, first - 1):
        first -= 1
    if text[last + 1 : last + 2] == ".":
        last += 1
    core, before, after = text[first : last + 1], text[:first], text[last + 1 :]
    before, dots = _DOT_OF_WORD.subn("", before)
    after, more_dots = _DOT_OF_WORD.subn("", after)
    around = _around(before, after)
    if around is None:
        return False
    groups = [c for c in core if c in _SPACES + _APOSTROPHES]
    if groups and not re.fullmatch(rf"9{{1,3}}([{_SPACES}{_APOSTROPHES}]999)+([.,]9*)?", core):
        return False
    plain = "".join(c for c in core if c not in groups)
    if not _note_separators(reading, plain, shape.example, is_grouped=bool(groups)):
        return False
    extras, is_negative = around
    reading.is_read = True
    reading.needs_format |= bool(dashes or dots or more_dots)
    reading.extras |= extras | set(groups)
    reading.groups |= set(groups)
    reading.units |= _units(before + after)
    reading.has_sign |= is_negative
    reading.separators |= set(plain) & {".", ","}
    return True


def _without_dash(found: re.Match[str]) -> str:
    """Return cents in the place of a dash."""
    return f"{found.group()[0]}99"


def _around(before: str, after: str) -> tuple[set[str], bool] | None:
    """Return what surrounds the digits of an amount, and whether it is a minus to be read."""
    around = before + after
    known = _SPACES + _MINUS + "+()"
    if not _units(around) <= CURRENCIES or any(
        not (c.isalpha() or c in known or unicodedata.category(c) == "Sc") for c in around
    ):
        return None
    in_brackets = "(" in before and ")" in after
    if ("(" in around or ")" in around) and not in_brackets:
        return None
    signs = [c for c in around if c in _MINUS]
    if len(signs) > 1:
        return None
    is_plain = before == "-" and not after
    is_to_be_read = in_brackets or bool(signs and (signs[0] != "-" or signs[0] in after))
    return ({c for c in around if not (is_plain and c == "-")}, is_to_be_read)


def _units(around: str) -> set[str]:
    """Return the currencies that stand beside an amount: other letters change what it means."""
    found = re.findall(r"[^\W\d_]*\$|[^\W\d_]+", around.casefold())
    return {*found, *(c for c in around if unicodedata.category(c) == "Sc" and c != "$")}


def _note_separators(reading: Reading, core: str, example: str, *, is_grouped: bool) -> bool:
    starts_with_zero = example.lstrip(f"{_SPACES}{_MINUS}").startswith("0")
    if _PLAIN.fullmatch(core):
        return True
    if not is_grouped and not starts_with_zero and _MAYBE_DOT.fullmatch(core):
        reading.dot = reading.dot or example
    elif not is_grouped and not starts_with_zero and _MAYBE_COMMA.fullmatch(core):
        reading.comma = reading.comma or example
    elif starts_with_zero and _ONE_COMMA.fullmatch(core):
        reading.has_comma = reading.has_comma or example
    elif _ONE_DOT.fullmatch(core) or (not is_grouped and _COMMA_GROUPS.fullmatch(core)):
        reading.has_dot = reading.has_dot or example
    elif _ONE_COMMA.fullmatch(core) or (not is_grouped and _DOT_GROUPS.fullmatch(core)):
        reading.has_comma = reading.has_comma or example
    else:
        return False
    return True
