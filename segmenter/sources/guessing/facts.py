"""What the sample of a table says of each of its columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from segmenter.schema.files import literal
from segmenter.sources.engine import Engine

__all__ = ["Facts", "column", "facts_of"]

_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL")
_MAIL, _WORDS = r"^\s*[^@\s]+@[^@\s]+\.[^@\s]+\s*$", r"\pL+[.,]? +\pL"


@dataclass(frozen=True)
class Facts:
    """A column: its type, and what its values in the sample are like."""

    name: str
    kind: str
    rows: int
    filled: int
    distinct: int
    mails: int = 0
    names: int = 0
    nonzero: int = 0
    fractional: int = 0
    negative: int = 0
    largest: float | None = None
    example: str | None = None

    @property
    def is_number(self) -> bool:
        """Whether its type is one of numbers."""
        return self.kind.removeprefix("U").startswith(_NUMBERS) and not self.kind.endswith("]")

    @property
    def is_whole(self) -> bool:
        """Whether all its numbers are whole."""
        return self.is_number and not self.fractional

    @property
    def is_text(self) -> bool:
        """Whether it is text."""
        return self.kind == "VARCHAR"

    @property
    def is_time(self) -> bool:
        """Whether its type is one of dates or times."""
        return self.kind.startswith(("DATE", "TIMESTAMP")) and not self.kind.endswith("]")

    @property
    def is_unique(self) -> bool:
        """Whether no value stands twice."""
        return self.distinct == self.filled

    @property
    def holds_mails(self) -> bool:
        """Whether most values are addresses."""
        return self.filled > 0 and self.mails > 0.5 * self.filled

    @property
    def holds_names(self) -> bool:
        """Whether most values are several words, as names of people are and ids are not."""
        return self.filled > 0 and self.names > 0.5 * self.filled


def column(name: str) -> exp.Column:
    """Return a column."""
    return exp.column(name, quoted=True)


def facts_of(engine: Engine, sample: exp.Table, columns: Mapping[str, str]) -> dict[str, Facts]:
    """Return what the sample says of each column."""
    asked: list[exp.Expr] = [exp.alias_("count(*)", "rows", quoted=True)]
    questions: dict[tuple[str, str], str] = {}
    for place, (name, kind) in enumerate(columns.items()):
        for what, tree in _questions(column(name), Facts(name, kind, 0, 0, 0)).items():
            questions[name, what] = f"{what}_{place}"
            asked.append(exp.alias_(tree, f"{what}_{place}", quoted=True))
    row = engine.rows(exp.select(*asked).from_(sample.copy()))[0]
    found: dict[str, dict[str, Any]] = {name: {} for name in columns}
    for (name, what), alias in questions.items():
        found[name][what] = row[alias]
    return {
        name: Facts(name, columns[name], row["rows"], **known)
        for name, known in found.items()
        if known
    }


def _questions(tree: exp.Column, facts: Facts) -> dict[str, exp.Expr]:
    """Return what is asked of a column of the sample."""
    if facts.kind.startswith(("STRUCT", "MAP", "UNION", "BLOB", "JSON")) or facts.kind[-1:] == "]":
        return {}
    asked: dict[str, exp.Expr] = {
        "filled": exp.Count(this=tree.copy()),
        "distinct": exp.Count(this=exp.Distinct(expressions=[tree.copy()])),
        "example": exp.cast(exp.Min(this=tree.copy()), "varchar"),
    }
    if facts.is_text:
        for what, pattern in (("mails", _MAIL), ("names", _WORDS)):
            asked[what] = exp.func(
                "count_if", exp.func("regexp_matches", tree.copy(), literal(pattern))
            )
    if facts.is_number:
        asked["largest"] = exp.cast(exp.Max(this=tree.copy()), "double")
        asked["nonzero"] = exp.func("count_if", tree.copy().neq(0))
        asked["negative"] = exp.func("count_if", tree.copy() < 0)
        rounded = exp.func("round", tree.copy())
        asked["fractional"] = exp.func("count_if", tree.copy().neq(rounded))
    return asked
