"""What the charts have in common: data, colours, the filter, labels and axes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from itertools import pairwise
from typing import Any

import altair as alt
from altair.utils import schemapi

__all__ = [
    "BILLIONS",
    "SHOWN",
    "Canvas",
    "Spec",
    "colour",
    "dimmed",
    "is_shown",
    "listed",
    "log_steps",
    "spread",
    "unchecked",
]

Spec = dict[str, Any]
"""A chart in Vega-Lite."""

SHOWN = "shown"
"""The parameter of a chart that holds the segments that the reader wants to see."""

BILLIONS = "replace(format(datum.value, '~s'), 'G', 'B')"
"""Label of an axis of money: 20k, 3M, 1B."""

is_shown = f"indexof({SHOWN}, datum.segment) >= 0"
"""Whether a row's segment is one that the reader wants to see."""


def unchecked() -> AbstractContextManager[None]:
    """Let charts be drawn without checking every piece against the schema: a second of time.

    What is drawn here is always the same but for its rows; the tests check it.
    """
    return schemapi.debug_mode(False)


class Canvas:
    """Rows and what is drawn of them.

    Rows are kept apart from the chart and put into the specification at its end: Altair checks
    and copies a chart many times while it grows.
    """

    def __init__(self) -> None:
        self._rows: dict[str, list[dict[str, Any]]] = {}

    def of(self, rows: Iterable[dict[str, Any]]) -> alt.Chart:
        """Return a chart of rows, with nothing drawn yet."""
        name = f"rows_{len(self._rows)}"
        self._rows[name] = list(rows)
        return alt.Chart(alt.NamedData(name=name))

    def layered(self, *layers: alt.Chart, height: int, names: Sequence[str] | None = None) -> Spec:
        """Return the specification of layers, the last one on top.

        Parameters
        ----------
        *layers : Chart
        height : int
        names : sequence of str, optional
            The segments, where the chart follows the filter.
        """
        chart = alt.layer(*layers).properties(height=height)
        if names is not None:
            chart = chart.add_params(alt.param(name=SHOWN, value=list(names)))
        spec: Spec = chart.to_dict(validate=False)
        spec.pop("config", None)
        return {**spec, "datasets": self._rows}


def colour(names: Sequence[str], *, legend: bool = False) -> alt.Color:
    """Return the colour of a segment; a theme knows which one it is."""
    scale = alt.Scale(domain=list(names))
    return alt.Color("segment:N", scale=scale, legend=listed(names) if legend else None)


def listed(names: Sequence[str]) -> alt.Legend:
    """Return a legend of names that breaks into lines where there is little room."""
    longest = 30 + 7 * min(22, max(map(len, names)))
    # of the whole chart, not of its plot: that one narrows while the legend's place is laid out
    room = "(containerSize()[0] ? containerSize()[0] - 190 : width)"
    columns = alt.expr(f"max(1, floor(min(width, {room}) / {longest}))")
    return alt.Legend(title=None, values=list(names), columns=columns, labelLimit=160)


def dimmed(opacity: float = 1.0) -> Any:
    """Return an opacity that falls when the reader wants to see other segments."""
    return alt.when(is_shown).then(alt.value(opacity)).otherwise(alt.value(opacity / 8))


def log_steps(low: float, high: float) -> list[float]:
    """Return the labelled places of a logarithmic axis: 1, 2, 5, 10, or fewer on a long one.

    Examples
    --------
    >>> log_steps(1, 60)
    [1, 2, 5, 10, 20, 50]
    """
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps = (1, 2, 5) if math.log10(high / low) < 3.2 else (1,)
    found = [step * 10.0**decade for decade in decades for step in steps]
    return [_whole(place) for place in found if low * 0.999 <= place <= high]


def spread(places: Sequence[float], gap: float) -> list[float]:
    """Move places apart until each is a gap from the next, keeping their order.

    Examples
    --------
    >>> spread([1.0, 1.2, 5.0], 1.0)
    [0.6, 1.6, 5.0]
    """
    order = sorted(range(len(places)), key=lambda place: places[place])
    moved = [float(place) for place in places]
    for _ in range(50):
        for left, right in pairwise(order):
            lack = gap - (moved[right] - moved[left])
            if lack > 1e-9:
                moved[left] -= lack / 2
                moved[right] += lack / 2
    return [round(place, 6) for place in moved]


def _whole(number: float) -> float:
    return int(number) if number >= 1 else round(number, 12)
