"""``fit --dry-run``: how the table is read, five profiles and the warnings."""

from __future__ import annotations

import re

from sqlglot import exp

from segmenter.cli.options import Format
from segmenter.cli.tables import Column, write
from segmenter.cli.terminal import results
from segmenter.progress import Progress
from segmenter.settings import Settings
from segmenter.sources.binding import Binding
from segmenter.sources.engine import Engine
from segmenter.sources.file_columns import unshielded
from segmenter.sources.source import Source
from segmenter.sources.unit import uncounted
from segmenter.training.stage import Stage
from segmenter.training.train import inspect

__all__ = ["show_dry_run"]

_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

MAPPING = (Column("role", "Role"), Column("reads", "Is read from"), Column("type", "Type"))


def show_dry_run(
    rows_of: Engine,
    source: Source,
    settings: Settings,
    form: Format,
    progress: Progress,
) -> None:
    """Read the source as a fit would, without clustering or writing."""
    with Stage(rows_of, source, settings) as stage:
        inspect(stage, progress)
        names, rows = stage.examples(5)
        binding = stage.binding
    if form is Format.TABLE:
        results.line(f"{binding.relation} is read as:")
        mapping = [[role, _read_from(binding, role), kind] for role, kind in binding.types.items()]
        write(MAPPING, mapping, form)
        results.line()
        results.line("the first of its profiles:")
    kinds = {"monetary": "money", "frequency": "count", "customers": "count"}
    columns = [Column(name, name, kinds.get(name, "text")) for name in names]
    write(columns, rows, form)
    if form is Format.TABLE:
        results.line()
        results.line("Nothing was written. Leave out --dry-run to fit.")


def _read_from(binding: Binding, role: str) -> str:
    """Return where a role is read from, and by which format, which has a long expression."""
    form = {"amount": "number_format", "date": "date_format"}.get(role)
    asked = binding.stored_source().get(form) if form else None
    unit = binding.source.unit if role == "amount" else None
    counted = "" if unit is None else f", in units of {unit}"
    if asked is None:
        return f"{_shown(uncounted(binding.values[role], unit))}{counted}"
    return f"{getattr(binding.source, role)}, written as {asked}{counted}"


def _shown(tree: exp.Expr) -> str:
    """Return an expression as the user would write it."""
    plain = unshielded(tree)
    for column in plain.find_all(exp.Column):
        column.set("table", None)
        column.this.set("quoted", not _PLAIN_NAME.fullmatch(column.name))
    return (plain.unnest() if isinstance(plain, exp.Paren) else plain).sql(dialect="duckdb")
