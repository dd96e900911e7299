"""How ``fit`` and ``refit`` end: the segments, or why the model is stored but not published."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from segmenter.cli.database_file import open_to_read, patience
from segmenter.cli.exit_codes import ExitCode
from segmenter.cli.options import Format
from segmenter.cli.publish import Publishing
from segmenter.cli.reply import reply
from segmenter.cli.tables import Column, write_records
from segmenter.cli.terminal import messages
from segmenter.formatting import percent

if TYPE_CHECKING:
    from segmenter.operations.fit import FitResult

__all__ = ["show_fit"]

COLUMNS = (
    Column("segment", "Segment"),
    Column("customers", "Customers", "count"),
    Column("share_of_customers", "Share", "share"),
    Column("mean_monetary", "Mean\nspend", "mean"),
    Column("mean_frequency", "Mean\norders", "mean"),
)
"""Of a model that is not published: the customers that it learned from."""


def show_fit(
    path: Path,
    result: FitResult,
    max_change: float,
    form: Format,
    publishing: Publishing,
    *,
    quiet: bool,
    wait: float | None,
) -> None:
    """Write the segments of a published model; otherwise say what would have changed, and end.

    A published model is published to other places, too, where that was asked for.

    Raises
    ------
    typer.Exit
        The model is not published.
    """
    assert result.model.model_id is not None
    reply.of_model(result.model.model_id, published=result.is_published)
    if not result.is_published:
        _say_unpublished(path, result, max_change)
        if form is not Format.TABLE:
            write_records(COLUMNS, result.table, form)
        raise typer.Exit(ExitCode.NOT_PUBLISHED)
    publishing.publish_after_work()
    from segmenter.cli.summary import show_result

    with open_to_read(path, patience(wait), quiet=quiet) as con:
        show_result(con, path, form, quiet=quiet)


def _say_unpublished(path: Path, result: FitResult, max_change: float) -> None:
    assert result.refit is not None
    model_id = result.model.model_id
    messages.line(
        f"segmenter: model {model_id} is stored but not published: "
        f"{percent(result.refit.share, 1)} of the customers would change segment, more than "
        f"--max-change {percent(max_change, 1)}. Look: segmenter compare {path} "
        f"{result.refit.model_id} {model_id}. Then publish it: segmenter rollback {path} "
        f"{model_id}; or repeat it with --publish.",
        level="warning",
    )
