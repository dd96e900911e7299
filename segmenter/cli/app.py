"""The verbs of the command line, in the order in which a user meets them."""

from __future__ import annotations

import re
import sys
from functools import cache
from inspect import cleandoc
from itertools import groupby
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from segmenter.cli import (
    backtest,
    demo,
    explain,
    export,
    label,
    moves,
    report,
)
from segmenter.cli import customers as people
from segmenter.cli import fit as start
from segmenter.cli import models as versions
from segmenter.cli import quality as watch
from segmenter.cli import refresh as keep
from segmenter.cli import segments as use
from segmenter.cli.allow import with_allow
from segmenter.errors import SegmenterError
from segmenter.version import __version__

__all__ = ["UsageError", "app", "command", "run"]

NUMBERS = {"ignore_unknown_options": True}
"""For verbs that take numbers: -20 is one, not an option."""


class _Verbs(TyperGroup):
    """All verbs, in the order and under the headings of a user's way."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write a section a heading, each verb with its first sentence."""
        del ctx
        verbs: Any = self.commands.values()
        for heading, listed in groupby(verbs, key=lambda verb: verb.rich_help_panel):
            with formatter.section(heading):
                formatter.write_dl([(verb.name, verb.help.split("\n\n")[0]) for verb in listed])


app = typer.Typer(
    cls=_Verbs,
    name="segmenter",
    help="Turn a table of sales into named customer segments inside the database, and the result "
    "into a function that any SQL client can call. New here? Run: segmenter demo",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.command(rich_help_panel="Start")(demo.demo)
app.command(rich_help_panel="Start")(start.fit)
app.command(rich_help_panel="Use")(use.segments)
app.command(rich_help_panel="Use")(people.customers)
app.command(rich_help_panel="Use")(use.rules)
app.command(rich_help_panel="Use", context_settings=NUMBERS)(use.classify)
app.command(rich_help_panel="Use", context_settings=NUMBERS)(explain.explain)
app.command(rich_help_panel="Use")(label.label)
app.command(rich_help_panel="Use")(export.export)
app.command(rich_help_panel="Watch")(report.report)
app.command(rich_help_panel="Watch")(moves.moves)
app.command(rich_help_panel="Watch")(watch.quality)
app.command(rich_help_panel="Watch")(watch.drift)
app.command(rich_help_panel="Watch")(backtest.backtest)
app.command(rich_help_panel="Keep")(keep.refresh)
app.command(rich_help_panel="Keep")(versions.models)
app.command(rich_help_panel="Keep")(versions.compare)
app.command(rich_help_panel="Keep")(versions.rollback)
app.command(rich_help_panel="Keep")(versions.prune)
app.command(rich_help_panel="Keep")(keep.forget)

for verb in app.registered_commands:
    if verb.callback is not None:
        verb.callback = with_allow(verb.callback)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"segmenter {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    del version


class UsageError(SegmenterError):
    """Words that are no command.

    Attributes
    ----------
    hint : str
        Where to look.
    """

    hint = "Try 'segmenter --help' for help."


_USAGE_ERROR: Any = typer.BadParameter.__mro__[1]
"""click's UsageError, which newer versions of typer carry themselves."""


def run() -> int:
    """Run the verb that the command line names, and return the exit code.

    Raises
    ------
    UsageError
        There is no such verb, option or value.
    SegmenterError
    """
    verbs, words = command(), sys.argv[1:]
    try:
        with verbs.make_context("segmenter", words or ["--help"]) as context:
            verbs.invoke(context)
    except typer.Exit as end:
        return end.exit_code if words else MISSING
    except _USAGE_ERROR as error:
        text = re.sub(r"\s*\n\s*", " ", error.format_message())
        wrong = UsageError(text[:1].lower() + text[1:])
        if error.ctx is not None:
            wrong.hint = f"Try '{error.ctx.command_path} --help' for help."
        raise wrong from None
    return 0


MISSING = 2
"""Exit code of a command line without a verb, which shows the help."""


@cache
def command() -> Any:
    """Return all verbs with their options, which takes long enough to do it once a process."""
    made: Any = typer.main.get_command(app)
    for verb in made.commands.values():
        verb.help = _shown(verb.help)
    return made


def _shown(help_text: str) -> str:
    """Return a verb's help with its examples on lines of their own, to be copied as they stand."""
    paragraphs = []
    for paragraph in cleandoc(help_text).split("\n\n"):
        if paragraph.startswith(EXAMPLE):
            example = paragraph.removeprefix(EXAMPLE).replace("\n", "\n  ")
            paragraphs.append(f"\b\nExample:\n  {example}")
        else:
            paragraphs.append(paragraph.replace("`", ""))
    return "\n\n".join(paragraphs)


EXAMPLE = "Example: "
"""How a paragraph of a docstring begins that is a command to copy."""
