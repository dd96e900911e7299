"""Following what a message says, literally."""

from __future__ import annotations

import ast
import re
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple

import pytest

import segmenter
from segmenter import SegmenterError, Settings, Source
from segmenter.training.stage import Stage
from segmenter.training.train import inspect

_PARAMETER = re.compile(r"""\b([a-z_]+) = ('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|True)""")


class Heard:
    """A listener that keeps its warnings and their codes."""

    def __init__(self) -> None:
        self.warnings: list[str] = []
        self.codes: list[str] = []

    @contextmanager
    def step(self, title):
        del title
        yield lambda result: None

    def warn(self, message, code):
        self.warnings.append(message)
        self.codes.append(code)


def advised(message: str, name: str) -> list[object]:
    """Return the values that a message gives to a parameter, in its order."""
    found = _PARAMETER.findall(message)
    return [ast.literal_eval(value) for parameter, value in found if parameter == name]


def csv_advised(message: str) -> list[dict[str, object]]:
    """Return the mappings that a message gives to csv, in its order."""
    found = re.findall(r"csv = (\{(?:[^{}]|\{[^{}]*\})*\})", message)
    return [ast.literal_eval(text) for text in found]


def followed(message: str, **source: object) -> dict[str, object]:
    """Return the parameters of a source as a message says to give them, the first way it names."""
    better: dict[str, object] = {}
    for name, value in _PARAMETER.findall(message):
        if name != "allow_lost_rows" and ast.literal_eval(value) != source.get(name):
            better.setdefault(name, ast.literal_eval(value))
    assert better, message
    return source | better


class Seen(NamedTuple):
    """What a fit would learn from, and say."""

    warnings: list[str]
    customers: int
    money: float
    last_order_at: datetime | None


def look(con, **source) -> Seen:
    """Read a source as a fit would, without clustering."""
    heard = Heard()
    with Stage(con, Source(**source), Settings(cut=1, n_neighbors=1)) as stage:
        inspect(stage, heard)
        query = (
            f"select count(*), round(sum(monetary), 2), max(last_order_at) from {stage.customers}"
        )
        return Seen(heard.warnings, *con.execute(query).fetchone())


def said(con, **source) -> str:
    """Return what a fit says against a source."""
    with pytest.raises(SegmenterError) as refused:
        look(con, **source)
    return str(refused.value)


def fitted(con, **source) -> list[str]:
    """Fit and return the warnings."""
    heard = Heard()
    segmenter.fit(
        con,
        Source(**source),
        Settings(cut=1, n_neighbors=1),
        publish=True,
        replace=True,
        progress=heard,
    )
    return heard.warnings
