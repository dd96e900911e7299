"""What is guessed of a table: an expression for each role, why, and whether it is sure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from segmenter.sources.guessing.facts import Facts

__all__ = ["ROLES", "Guess", "Guesses", "names_in"]

ROLES = (
    "customer",
    "amount",
    "number_format",
    "order",
    "date",
    "date_format",
    "currency",
    "where",
)
"""The parameters of a source that are guessed, in their order."""


def names_in(text: str) -> list[str]:
    """Return the columns that an expression reads."""
    try:
        tree = sqlglot.parse_one(text, dialect="duckdb")
    except SqlglotError:
        return []
    return list(dict.fromkeys(each.name for each in tree.find_all(exp.Column)))


@dataclass(frozen=True)
class Guess:
    """What a role is read from.

    Attributes
    ----------
    role : str
        A parameter of `Source`.
    expression : str or None
        A column, or a SQL expression; None where there is none.
    reason : str
        Why, in words that can follow a colon.
    is_sure : bool
        Whether nobody needs to be asked.
    alternatives : tuple of str
        What it could be instead.
    is_given : bool
        Whether the caller said it.
    """

    role: str
    expression: str | None
    reason: str
    is_sure: bool = True
    alternatives: tuple[str, ...] = ()
    is_given: bool = False

    def words(self) -> str:
        """Return the guess as a person reads it."""
        if self.expression is None:
            return f"no {self.role}: {self.reason}"
        return f"{self.role} = {self.expression} ({self.reason})"

    def question(self) -> str:
        """Say what is not sure, and what it could be instead."""
        taken = f"{self.role} = {self.expression!r} is not sure"
        if self.expression is None:
            taken = f"no {self.role} was found"
        others = [f"{self.role} = {text!r}" for text in self.alternatives]
        instead = f"; it could be {' or '.join(others)}" if others else ""
        return f"{taken}: {self.reason}{instead}."


@dataclass(frozen=True)
class Guesses:
    """What all roles are read from.

    Attributes
    ----------
    relation : str
        The table's or file's name.
    layout : str or None
        The export that it was recognised as.
    guesses : tuple of Guess
        One for each of `ROLES`.
    notes : tuple of str
        What else a person should know.
    rows : int
    columns : mapping of str to Facts
    """

    relation: str
    layout: str | None
    guesses: tuple[Guess, ...]
    notes: tuple[str, ...]
    rows: int
    columns: Mapping[str, Facts]

    def __getitem__(self, role: str) -> Guess:
        return next(guess for guess in self.guesses if guess.role == role)

    @property
    def unsure(self) -> tuple[Guess, ...]:
        """The guesses that somebody should confirm."""
        return tuple(guess for guess in self.guesses if not guess.is_sure)

    @property
    def missing(self) -> tuple[Guess, ...]:
        """The roles that a source needs and that nothing was found for."""
        needed = (self["customer"], self["amount"])
        return tuple(guess for guess in needed if guess.expression is None)

    def values(self) -> dict[str, Any]:
        """Return the parameters of a source."""
        found = {guess.role: guess.expression for guess in self.guesses}
        return {role: text for role, text in found.items() if text is not None}
