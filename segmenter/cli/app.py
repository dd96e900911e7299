"""The command line as one: its own options, and what happens when a verb is called."""

from __future__ import annotations

import os
import re
import sys
from functools import cache
from typing import Annotated, Any

import typer

from segmenter.cli.config import config_file, options_of_file
from segmenter.cli.exit_codes import ExitCode
from segmenter.cli.reply import reply
from segmenter.cli.terminal import messages
from segmenter.cli.verbs import Verbs
from segmenter.errors import SegmenterError
from segmenter.version import __version__

__all__ = ["UsageError", "app", "command", "run"]

COMPLETION = "_SEGMENTER_COMPLETE"
"""Set by what ``--install-completion`` makes the shell do."""

app = typer.Typer(
    cls=Verbs,
    name="segmenter",
    help="Turn a table of sales into named customer segments inside the database, and the result "
    "into a function that any SQL client can call. New here? Run: segmenter demo",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"segmenter {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    ctx: typer.Context,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    del version
    verb = ctx.invoked_subcommand or ""
    reply.begin(verb)
    told = (ctx.default_map or {}).get(verb)
    if told and not {"-q", "--quiet", "-h", "--help"} & set(sys.argv):
        params = command().commands[verb].params
        options = {each.name: max(each.opts, key=len) for each in params}
        listed = ", ".join(options[name] for name in told)
        messages.line(f"  options of {config_file()}, unless typed: {listed}")


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
    if COMPLETION in os.environ:  # the shell asks what could be typed next
        verbs.main(prog_name="segmenter")
    try:
        # a copy, of which the parser takes words away
        given = options_of_file(verbs.commands)
        with verbs.make_context("segmenter", [*words] or ["--help"], default_map=given) as context:
            verbs.invoke(context)
    except typer.Exit as end:
        return end.exit_code if words else ExitCode.CANNOT
    except _USAGE_ERROR as error:
        text = re.sub(r"\s*\n\s*", " ", error.format_message())
        wrong = UsageError(text[:1].lower() + text[1:])
        if error.ctx is not None:
            wrong.hint = f"Try '{error.ctx.command_path} --help' for help."
        raise wrong from None
    return 0


@cache
def command() -> Any:
    """Return all verbs, the same ones whenever it is called."""
    return typer.main.get_command(app)
