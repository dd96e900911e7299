"""The verbs of the command line, in the order in which a user meets them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Annotated

import typer

from segmenter.cli import (
    backtest,
    demo,
    explain,
    export,
    keep,
    label,
    moves,
    people,
    report,
    start,
    use,
    versions,
    watch,
)
from segmenter.cli.confinement import with_allow
from segmenter.version import __version__

__all__ = ["app", "command"]

NUMBERS = {"ignore_unknown_options": True}
"""For verbs that take numbers: -20 is one, not an option."""

app = typer.Typer(
    name="segmenter",
    help="Turn a table of sales into named customer segments inside the database, and the result "
    "into a function that any SQL client can call. New here? Run: segmenter demo",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
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


@cache
def command() -> Callable[..., object]:
    """Return all verbs with their options, which takes long enough to do it once a process."""
    return typer.main.get_command(app)
