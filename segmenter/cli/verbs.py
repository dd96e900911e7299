"""The verbs of the command line, in the order in which a user meets them.

A verb's file is imported, and its options are built, when the verb is called: to do so for all of
them would take longer than to open a database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from segmenter.cli.allow import with_allow
from segmenter.cli.exit_codes import MEANINGS
from segmenter.cli.help import Verb, shown
from segmenter.cli.logs import with_log_format
from segmenter.cli.plain_values import sparing, with_plain_values
from segmenter.cli.renamed import with_old_spellings

__all__ = ["HEADINGS", "Verbs", "function"]

HEADINGS = {
    "Start": ("demo", "inspect", "fit"),
    "Use": (
        "segments",
        "customers",
        "rules",
        "classify",
        "explain",
        "label",
        "export",
        "dbt init",
        "holdout",
        "campaign",
    ),
    "Watch": ("report", "moves", "quality", "drift", "backtest"),
    "Keep": (
        "refresh",
        "refit",
        "publish",
        "serve",
        "models",
        "compare",
        "rollback",
        "prune",
        "forget",
        "warm-up",
    ),
}
"""The verbs by heading."""

_FILES = {
    "rules": "segments",
    "classify": "segments",
    "dbt init": "dbt",
    "drift": "quality",
    "compare": "models",
    "rollback": "models",
    "prune": "models",
    "forget": "refresh",
}
"""Where a verb is that has no file of its own."""

_OF_NUMBERS = ("classify", "explain")
"""Verbs that take numbers: -20 is one, not an option."""


def function(name: str) -> Callable[..., None]:
    """Return the function of a verb."""
    word = name.replace("-", "_").replace(" ", "_")
    found: Callable[..., None] = getattr(
        import_module(f"segmenter.cli.{_FILES.get(name, word)}"), word
    )
    return found


@cache
def _built(name: str) -> Any:
    """Return a verb with its options."""
    with_all: Any = with_old_spellings(with_log_format(with_allow(function(name))), name)
    alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    settings = {"ignore_unknown_options": True} if name in _OF_NUMBERS else {}
    alone.command(name, cls=Verb, context_settings=settings)(with_all)
    made: Any = typer.main.get_command(alone)
    made.help = shown(made.help)
    with_plain_values(made, with_all)
    return made


class _Built(Mapping[str, Any]):
    """The verbs by name, each built when it is asked for."""

    _names = tuple(name for names in HEADINGS.values() for name in names)

    def __getitem__(self, name: str) -> Any:
        if name not in self:
            raise KeyError(name)
        return _built(name)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


class Verbs(TyperGroup):
    """All verbs, in the order and under the headings of a user's way."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands: Any = _Built()

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters, those of the help and of completion with them."""
        return sparing(super().get_params(ctx))

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names, for which no verb is built."""
        del ctx
        return list(self.commands)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the verb that the words begin with, which may be of two words."""
        if (verb := " ".join(args[:2])) in self.commands:
            args = [verb, *args[2:]]
        elif begun := [name for name in self.commands if name.startswith(f"{args[0]} ")]:
            ctx.fail(f"after {args[0]} comes another word: segmenter {begun[0]}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write a section a heading, each verb with its first sentence."""
        del ctx
        for heading, names in HEADINGS.items():
            with formatter.section(heading):
                formatter.write_dl([(name, _first_sentence(name)) for name in names])

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """End with the exit codes."""
        del ctx
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(code.value), words) for code, words in MEANINGS.items()])


def _first_sentence(name: str) -> str:
    return shown(function(name).__doc__ or "").split("\n\n")[0]
