"""Keep: ``serve``."""

from __future__ import annotations

import os
import re
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from segmenter import stopping
from segmenter.cli.database_file import access, open_model, workplace
from segmenter.cli.options import Database, MemoryLimit, Quiet, Threads, Wait

if TYPE_CHECKING:
    from segmenter.operations.publishing.publication import Publication
    from segmenter.operations.publishing.target import Target

__all__ = ["serve"]

TOKEN = "SEGMENTER_TOKEN"

_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(s|min|h|d)")


def _duration(text: str | None, option: str) -> float | None:
    """Return seconds, of a text such as 15min."""
    if text is None:
        return None
    found = _DURATION.fullmatch(text.strip())
    seconds = float(found[1]) * _SECONDS[found[2]] if found else 0
    if seconds < 1:
        raise typer.BadParameter(
            f"it is a time of a second or more, such as 90s, 15min, 2h or 1d, not {text!r}.",
            param_hint=f"'{option}'",
        )
    return seconds


def serve(
    database: Database,
    port: Annotated[
        int, typer.Option("--port", min=1, max=65535, help="Port of this machine.")
    ] = 9494,
    refresh_every: Annotated[
        str | None,
        typer.Option(
            "--refresh-every",
            metavar="TIME",
            help="Refresh DB so often, and serve that: 90s, 15min, 2h, 1d.  [never]",
        ),
    ] = None,
    duration: Annotated[
        str | None,
        typer.Option("--for", metavar="TIME", help="End after that time.  [at Ctrl-C]"),
    ] = None,
    memory_limit: MemoryLimit = None,
    threads: Threads = None,
    quiet: Quiet = False,
    wait: Wait = None,
) -> None:
    """Answer DuckDB clients of this machine: what is published of DB, over DuckDB's protocol quack.

    Clients read the schema segments and nothing else, and change nothing. A fit, refit, refresh or
    rollback of DB, by whom ever, is served from its end on, and none of them is locked out; each
    answer is of one publication. What to type in a client goes to standard output. The token is
    made anew each time, unless the variable SEGMENTER_TOKEN has one.

    Needs DuckDB's extension quack. Ctrl-C ends it, with exit code 0.

    Example: segmenter serve shop.duckdb --refresh-every 15min

    Example: segmenter serve shop.duckdb --port 9495 --for 8h
    """
    from segmenter.cli.console import listener
    from segmenter.cli.terminal import messages, results, written_out
    from segmenter.operations.publish import publish
    from segmenter.operations.refresh import refresh
    from segmenter.operations.serve import (
        checked_token,
        client_statements,
        keep_serving,
        serving,
    )
    from segmenter.progress import Silent
    from segmenter.workplace.file import open_to_copy

    every = _duration(refresh_every, "--refresh-every")
    seconds = _duration(duration, "--for")
    token = checked_token(os.environ.get(TOKEN) or None, f"the variable {TOKEN}")
    how = access(wait, quiet=quiet, memory_limit=memory_limit, threads=threads)

    def published(target: Target) -> Publication:
        opened = partial(open_to_copy, database, how)
        return publish(opened, target, home=database, progress=Silent())

    def refreshed() -> None:
        with workplace(
            database, wait, quiet=quiet, memory_limit=memory_limit, threads=threads, attach=None
        ) as place:
            refresh(place, progress=Silent())

    with open_model(database, wait, quiet=quiet):
        pass  # a file without a model is refused before anything is started
    progress = listener(quiet)
    try:
        with serving(port, token, database, published) as (server, publication):
            if not quiet:
                messages.line(
                    f"  {database}: model {publication.model_id}, until Ctrl-C. In a client:"
                )
            with written_out():
                for statement in client_statements(port, token):
                    results.command(statement)
            keep_serving(
                database, server, published, refreshed if every else None,
                every=every, seconds=seconds, progress=progress,
            )  # fmt: skip
    except BaseException:
        if not stopping.is_asked():
            raise
    if not quiet:
        messages.line("  The server has ended.")
