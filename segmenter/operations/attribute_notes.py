"""What a fit says of the attributes that stand with its customers."""

from __future__ import annotations

from collections.abc import Iterator

from segmenter.formatting import counted, verb
from segmenter.progress import Note
from segmenter.training.stage import Stage

__all__ = ["attribute_notes"]


def attribute_notes(stage: Stage) -> Iterator[Note]:
    """Return how many customers have several values of an attribute, of which one is shown.

    Parameters
    ----------
    stage : Stage
        Of the fit, whose profiles are of one row a customer if they are no transactions.
    """
    if stage.source.attributes is None or stage.source.kind != "transactions":
        return
    is_dated = stage.source.date is not None
    which = "the latest" if is_dated else "that of the highest order" if stage.source.order else ""
    which = which or "the highest value"
    for name, customers in stage.row(stage.query("queries/differing_attributes")).items():
        if customers:
            yield Note(
                "several_values",
                f"{counted(customers, 'customer')} {verb(customers, 'has', 'have')} several values "
                f"of {name}: {which} stands with them.",
            )
