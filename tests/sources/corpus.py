"""Files as people have them: forms of dates and numbers, encodings, delimiters and layouts."""

from __future__ import annotations

import datetime as dt
import itertools
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

ROWS = 240
CUSTOMERS = 40


def grouped(value: Decimal, thousands: str, decimal: str) -> str:
    return f"{value:,.2f}".replace(",", "?").replace(".", decimal).replace("?", thousands)


def lakh(value: Decimal) -> str:
    whole, cents = f"{abs(value):.2f}".split(".")
    head, tail = whole[:-3], whole[-3:]
    parts = []
    while head:
        head, part = head[:-2], head[-2:]
        parts.insert(0, part)
    return f"{'-' if value < 0 else ''}{','.join([*parts, tail])}.{cents}"


def in_brackets(value: Decimal) -> str:
    return f"({grouped(-value, ',', '.')})" if value < 0 else grouped(value, ",", ".")


def minus_behind(value: Decimal) -> str:
    return f"{grouped(abs(value), '.', ',')}{'-' if value < 0 else ''}"


NUMBERS: dict[str, Callable[[Decimal], str]] = {
    "plain": lambda v: f"{v:.2f}",
    "comma": lambda v: f"{v:.2f}".replace(".", ","),
    "1,234.50": lambda v: grouped(v, ",", "."),
    "1.234,50": lambda v: grouped(v, ".", ","),
    "£1,234.50": lambda v: f"{'-' if v < 0 else ''}£{grouped(abs(v), ',', '.')}",
    "1.234,50 €": lambda v: f"{grouped(v, '.', ',')} €",
    "1'234.50": lambda v: grouped(v, "'", "."),
    "1 234,50": lambda v: grouped(v, "\u00a0", ","),
    "brackets": in_brackets,
    "minus behind": minus_behind,
    "USD 5": lambda v: f"USD {v:.2f}",
    "lakh": lakh,
}
"""Forms of numbers; each keeps the cents."""

DATES: dict[str, Callable[[dt.datetime], str]] = {
    "ISO": lambda t: t.date().isoformat(),
    "ISO time": lambda t: t.strftime("%Y-%m-%dT%H:%M:%SZ"),
    "zone": lambda t: (t + dt.timedelta(hours=2)).strftime("%Y-%m-%d %H:%M:%S+02:00"),
    "d/m/Y": lambda t: t.strftime("%d/%m/%Y"),
    "m/d/Y": lambda t: t.strftime("%m/%d/%Y"),
    "d.m.Y": lambda t: t.strftime("%d.%m.%Y"),
    "d.m.y": lambda t: t.strftime("%d.%m.%y"),
    "d-Mon-Y": lambda t: t.strftime("%d-%b-%Y"),
    "Mon d, Y": lambda t: t.strftime("%b %d, %Y"),
    "AM/PM": lambda t: t.strftime("%m/%d/%Y %I:%M:%S %p"),
    "epoch": lambda t: str(int(t.replace(tzinfo=dt.UTC).timestamp())),
    "epoch ms": lambda t: str(int(t.replace(tzinfo=dt.UTC).timestamp() * 1000)),
    "yyyymmdd": lambda t: t.strftime("%Y%m%d"),
}
"""Forms of dates."""

ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "latin-1")
DELIMITERS = (",", ";", "\t", "|")
LAYOUTS = ("plain", "quoted", "missing", "late", "early days", "windows")
"""With empty cells and N/A; the first odd amount late in the file; no day after the 12th; CRLF."""


@dataclass(frozen=True)
class Case:
    """One file: how it is written, and what is right."""

    number: str
    date: str
    encoding: str
    delimiter: str
    layout: str
    seed: int

    @property
    def name(self) -> str:
        parts = (self.number, self.date, self.encoding, repr(self.delimiter), self.layout)
        return f"{self.seed}: {', '.join(parts)}"


def cases() -> Iterator[Case]:
    """Yield each form of numbers with each of dates twice, the rest in turn: 312 files."""
    others = itertools.cycle(itertools.product(ENCODINGS, DELIMITERS, LAYOUTS))
    order = random.Random(17).sample(range(96), 96)
    turns = [next(others) for _ in range(96)]
    pairs = list(itertools.product(NUMBERS, DATES)) * 2
    for seed, (number, date) in enumerate(pairs):
        encoding, delimiter, layout = turns[order[seed % 96]]
        if encoding == "latin-1" and number == "1.234,50 €":
            encoding = "utf-8"  # it has no euro
        yield Case(number, date, encoding, delimiter, layout, seed)


@dataclass(frozen=True)
class Right:
    """What a fit must find."""

    money: Decimal
    newest: dt.datetime


def write(case: Case, path: Path) -> Right:
    """Write the file; return what is right."""
    dice = random.Random(case.seed)
    lines, total, newest = [], Decimal(0), dt.datetime(1970, 1, 1)
    for i in range(ROWS):
        is_large = case.layout != "late" or i > ROWS // 2
        cents = dice.randrange(100, 30_000_000 if is_large and dice.random() < 0.5 else 90_000)
        value = Decimal(cents) / 100 * (-1 if i % 29 == 28 else 1)
        days = dice.randrange(12) if case.layout == "early days" else dice.randrange(27)
        time = dt.datetime(2023, 1, 1, 12, 30, 15) + dt.timedelta(
            days=days, seconds=dice.randrange(3600)
        )
        time = time.replace(month=dice.randrange(1, 13))
        amount, day = NUMBERS[case.number](value), DATES[case.date](time)
        if case.layout == "missing" and i % 40 == 7:
            amount = ("", "N/A")[i // 40 % 2]
        else:
            total += value
            newest = max(newest, time) if value > 0 else newest
        lines.append([f"Kundin ä{i % CUSTOMERS}", str(i), amount, day])
    is_quoted = case.layout == "quoted"

    def row(cells: list[str]) -> str:
        return case.delimiter.join(
            f'"{cell}"' if is_quoted or case.delimiter in cell else cell for cell in cells
        )

    end = "\r\n" if case.layout == "windows" else "\n"
    text = end.join(map(row, [["customer", "order", "amount", "day"], *lines])) + end
    path.write_bytes(text.encode(case.encoding))
    return Right(total, newest)
