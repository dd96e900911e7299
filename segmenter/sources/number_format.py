"""How numbers that are texts are written: a format by example, and the expression that reads it.

``1.234,56`` is the number 1234.56 as it would stand in the column. Whatever the format, a value may
have a minus before or behind it, brackets around it, and the format's currency at its side; digits
need not be grouped, and a dash may stand for the cents (``44.-`` is 44).
Anything else is NULL, and a fit counts it as lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmenter.errors import InputError
from segmenter.schema.files import literal
from segmenter.sources.amount_texts import CURRENCIES

if TYPE_CHECKING:
    from sqlglot import exp

__all__ = ["EXAMPLES", "MISSING", "NumberFormat", "canonical_currencies", "is_missing"]

EXAMPLES = ("1234.56", "1234,56", "1,234.56", "1.234,56", "1'234.56", "1 234,56", "12,34,567.89")
"""Formats as they are offered; an apostrophe or a space goes with a dot and with a comma."""

MISSING = ("", "-", "--", "n/a", "#n/a", "na", "nan", "nil", "none", "null", "?")
"""Texts that say, in whatever case, that there is no value."""

_SPACES = " \t\u00a0\u2009\u202f"
_MINUS = "\u2212\u2013-"
_GROUPS = {"'": "'\u2019", " ": _SPACES, ",": ",", ".": "."}
_DASHES = f"\u2014{_MINUS}"
_AROUND = f"[{_SPACES}+(){_DASHES}]*"
_SAME = {
    "€": "eur", "£": "gbp", "$": "usd", "us$": "usd", "₹": "inr", "rs": "inr", "re": "inr",
    "¥": "jpy", "fr": "chf", "sfr": "chf", "zł": "pln", "kč": "czk", "₺": "try", "tl": "try",
    "r$": "brl", "₽": "rub", "руб": "rub", "р": "rub", "ft": "huf", "rm": "myr", "₩": "krw",
    "₪": "ils", "₴": "uah", "ca$": "cad", "c$": "cad", "a$": "aud", "nz$": "nzd", "hk$": "hkd",
    "s$": "sgd", "nt$": "twd", "лв": "bgn", "лей": "ron", "lei": "ron", "₫": "vnd", "฿": "thb",
    "円": "jpy", "元": "cny", "원": "krw",
}  # fmt: skip
"""Marks and short forms with the code of the currency that they mostly stand for."""

_WITH_A_DOT = frozenset({"rs", "re", "fr", "sfr", "kr", "руб", "р", "r", "k"})
"""Those that are written with a dot, which is no point before decimals."""

_PATTERNS_ALIKE = ("duckdb", "postgres", "spark", "databricks")

_EXAMPLE = re.compile(
    r"(?P<plain>1234(?P<d0>[.,])56)"
    r"|1(?P<group>['’., \u00a0\u2009\u202f])234(?P<d1>[.,])56"
    r"|(?P<lakh>12,34,567\.89)"
)


@dataclass(frozen=True)
class NumberFormat:
    """A form in which numbers are written.

    Attributes
    ----------
    decimal : str
        What decimals come after: a dot or a comma.
    group : str
        What separates groups of digits; empty where nothing does.
    is_lakh : bool
        Whether groups above the last have two digits.
    currency : str or None
        The currency that may stand beside a number, as a code such as ``EUR``.
    """

    decimal: str
    group: str = ""
    is_lakh: bool = False
    currency: str | None = None

    @classmethod
    def parse(cls, text: object) -> NumberFormat:
        """Return the format that an example shows.

        Parameters
        ----------
        text : str
            1234.56 as it would stand in the column, say ``1.234,56``, if need be with its
            currency.

        Raises
        ------
        InputError
            It is no such example.

        Examples
        --------
        >>> NumberFormat.parse("1.234,56 €")
        NumberFormat(decimal=',', group='.', is_lakh=False, currency='EUR')
        """
        found = _EXAMPLE.search(text) if isinstance(text, str) else None
        if found is not None and isinstance(text, str):
            sides = [text[: found.start()].strip(), text[found.end() :].strip()]
            units = [side for side in sides if side]
            decimal = found["d0"] or found["d1"] or "."
            group = "," if found["lakh"] else (found["group"] or "").replace("’", "'")
            group = " " if group and group in _SPACES else group
            is_known = all(unit.casefold().rstrip(".") in CURRENCIES for unit in units)
            if is_known and len(units) < 2 and group != decimal:
                currency = canonical_currencies(units)[0] if units else None
                return cls(decimal, group, bool(found["lakh"]), currency)
        raise InputError(
            "number_format must show how 1234.56 stands in the column, or 1234567.89 where groups "
            f"have two digits, not {text!r}. Give one of "
            f"{', '.join(repr(example) for example in EXAMPLES)}."
        )

    @property
    def text(self) -> str:
        """The example that stands for the format."""
        example = f"12,34,567{self.decimal}89" if self.is_lakh else f"1{self.group}234"
        if not self.is_lakh:
            example += f"{self.decimal}56"
        return example if self.currency is None else f"{example} {self.currency}"

    def reading(self, text: exp.Expr, dialect: str = "duckdb") -> exp.Expr:
        """Return the number in a text as an expression of DuckDB, NULL where it has another form.

        Raises
        ------
        InputError
            Patterns mean something else in the dialect that it will be written in.
        """
        from sqlglot import exp

        if dialect not in _PATTERNS_ALIKE:
            raise InputError(
                f"number_format = {self.text!r} is not understood by {dialect}. Let a view there "
                "have the amount as a number, and fit that without number_format."
            )
        drop = "" if not self.group else f"[{_GROUPS[self.group]}]"
        value = _extract(text, self._pattern())
        if drop:
            value = _replace_all(value, drop)
        if self.decimal == ",":
            value = exp.Replace(this=value, expression=literal(","), replacement=literal("."))
        number = exp.cast(exp.func("nullif", value, literal("")), "double")
        return exp.paren(exp.Mul(this=self._sign(text), expression=number))

    def _sign(self, text: exp.Expr) -> exp.Expr:
        """Return -1 for one minus or a pair of brackets, 1 without, NULL for more of them."""
        from sqlglot import exp

        # a dash behind the point stands for the cents
        said = _replace_all(text.copy(), f"[0-9][{self.decimal}][{_DASHES}]{{1,2}}")
        signs = exp.Case(this=_replace_all(said, f"[^+(){_DASHES}]"))
        for mark, sign in (("+", 1), *((minus, -1) for minus in _MINUS), ("()", -1), ("", 1)):
            signs = signs.when(literal(mark), literal(sign), copy=False)
        has_sign = exp.RegexpLike(this=text.copy(), expression=literal(f"[+(){_DASHES}]"))
        return exp.Case().when(exp.not_(has_sign), literal(1)).else_(signs)

    def _pattern(self) -> str:
        """Return the pattern of a whole value, with its digits as the one group."""
        unit = ""
        if self.currency is not None:
            known = {mark for mark, code in _SAME.items() if code == self.currency.casefold()}
            marks = sorted({self.currency.casefold(), *known}, key=lambda mark: (-len(mark), mark))
            written = (f"{mark}[.]?" if mark in _WITH_A_DOT else mark for mark in marks)
            unit = f"(?:{'|'.join(mark.replace('$', '[$]') for mark in written)})?"
        if not unit:
            return f"^{_AROUND}({self._digits()}){_AROUND}$"
        return f"(?i)^{_AROUND}{unit}{_AROUND}({self._digits()}){_AROUND}{unit}{_AROUND}$"

    def _digits(self) -> str:
        point = f"[{self.decimal}]"
        plain = f"[0-9]+(?:{point}[0-9]*)?|{point}[0-9]+"
        if not self.group:
            return plain
        group = f"[{_GROUPS[self.group]}]"
        grouped = f"[0-9]{{1,3}}(?:{group}[0-9]{{3}})+"
        if self.is_lakh:
            grouped = f"[0-9]{{1,3}}(?:{group}[0-9]{{2}})*{group}[0-9]{{3}}"
        return f"{grouped}(?:{point}[0-9]*)?|{plain}"


def canonical_currencies(units: Iterable[str]) -> list[str]:
    """Return currencies by their codes, each once: ``€`` and ``EUR`` are one.

    Examples
    --------
    >>> canonical_currencies(["€", "eur", "Rs."])
    ['EUR', 'INR']
    """
    folded = {unit.casefold().rstrip(".") for unit in units}
    return sorted({_SAME.get(unit, unit).upper() for unit in folded})


def is_missing(text: exp.Expr) -> exp.Expr:
    """Return the condition that a text says that there is no value."""
    from sqlglot import exp

    said = exp.Lower(this=exp.Trim(this=text.copy()))
    return exp.In(this=said, expressions=[literal(missing) for missing in MISSING])


def _extract(text: exp.Expr, pattern: str) -> exp.Expr:
    from sqlglot import exp

    return exp.RegexpExtract(
        this=text.copy(), expression=literal(pattern), group=exp.Literal.number(1)
    )


def _replace_all(text: exp.Expr, pattern: str) -> exp.Expr:
    from sqlglot import exp

    return exp.RegexpReplace(
        this=text, expression=literal(pattern), replacement=literal(""), modifiers=literal("g")
    )
