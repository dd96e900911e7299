"""Whether the amounts are in one currency: counted where it is named, told where it is not."""

from __future__ import annotations

from typing import NamedTuple

from sqlglot import exp

from segmenter.progress import Note
from segmenter.sources.expressions import SOURCE_ALIAS, quoted
from segmenter.sources.guessing.dictionary import named
from segmenter.sources.text_advice import TEXTS
from segmenter.training.stage import Stage

__all__ = ["Currencies", "currencies", "unnamed_currencies"]


class Currencies(NamedTuple):
    """What the rows are in.

    Attributes
    ----------
    most : str
        The currency with most rows.
    deviating : int
        Rows in others, or in none.
    listed : str
        Those with most rows, each with their number.
    """

    most: str
    deviating: int
    listed: str


def currencies(stage: Stage, **values: exp.Expr) -> Currencies:
    """Count the rows of each currency.

    Parameters
    ----------
    stage : Stage
    **values : Expression
        What stands for placeholders in the place of what the source says.
    """
    rows = stage.engine.rows(stage.query("queries/currencies", **values))
    listed = [(row["currency"] or "none", int(row["source_rows"])) for row in rows]
    if not listed:
        return Currencies("none", 0, "")
    most, its_rows = listed[0]
    shown = ", ".join(f"{currency} {count:,}" for currency, count in listed)
    return Currencies(most, int(rows[0]["all_rows"]) - its_rows, shown)


def unnamed_currencies(stage: Stage) -> list[Note]:
    """Say that a column has several currencies which nobody named; rows may have none."""
    if stage.source.currency is not None:
        return []
    texts = [name for name, kind in stage.binding.columns.items() if kind.upper().startswith(TEXTS)]
    for name in named(texts, "currency", "code"):
        column = exp.column(name, table=SOURCE_ALIAS, quoted=True)
        has_one = exp.func("trim", column.copy()).neq(exp.Literal.string(""))
        row_filter = exp.and_(stage.values["row_filter"], has_one)
        found = currencies(stage, currency=column, row_filter=row_filter)
        if found.deviating:
            most = exp.Literal.string(found.most).sql(dialect="duckdb")
            before = f"({stage.source.where}) and " if stage.source.where else ""
            only = f"{before}upper(trim({quoted(name)})) = {most}"
            return [
                Note(
                    "several_currencies",
                    f"{name} has several currencies, {found.listed}, and amounts are summed as "
                    f"they stand. Keep one, for example with where = {only!r}, or let a view "
                    "convert the amounts.",
                )
            ]
    return []
