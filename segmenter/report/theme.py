"""How the report looks: colours, shapes, themes, and numbers as a person reads them.

The colours follow Okabe and Ito's order, with each one set for its background: every segment
stands out from the page by 3:1 or more, and any two segments stay apart for readers with each
kind of colour blindness (tests/report/test_theme.py measures both). A second sign always says the
same: a shape, a place or a word.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

__all__ = [
    "BACKGROUNDS",
    "FONT",
    "MARKS",
    "PALETTES",
    "config",
    "count",
    "day",
    "moment",
    "money",
    "people",
    "share",
    "signed",
    "variables",
]

PALETTES = {
    "light": ("#004AAB", "#CF7A00", "#00A958", "#C870AE", "#8C3B00", "#3A81E4", "#3A3A3A"),
    "dark": ("#2F8FD8", "#F0AA1E", "#3BD6A8", "#E58BC0", "#D4603A", "#B7E0FA", "#8E8E8E"),
}
"""One colour for each segment, highest first, by theme."""

BACKGROUNDS = {"light": "#ffffff", "dark": "#181b20"}

_NEUTRAL = {"light": ("#8a949e", "#b9c1c8"), "dark": ("#5a626c", "#7d8792")}
"""For what is no segment yet."""

MARKS = {
    "circle": "M1.5 7a5.5 5.5 0 1 0 11 0a5.5 5.5 0 1 0-11 0z",
    "square": "M2 2h10v10H2z",
    "triangle-up": "M7 1.5 13 12.5H1z",
    "diamond": "M7 1 13 7 7 13 1 7z",
    "cross": "M5 1h4v4h4v4H9v4H5V9H1V5h4z",
    "triangle-down": "M7 12.5 1 1.5h12z",
    "stroke": "M1 5.5h12v3H1z",
}
"""One shape for each segment, highest first, as Vega calls it; and its path for a button."""

_INK = {
    "light": {"text": "#22262b", "muted": "#5d6670", "grid": "#e4e7eb", "area": "#8a949e"},
    "dark": {"text": "#e8eaed", "muted": "#a3abb5", "grid": "#2e333b", "area": "#7d8792"},
}

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"


def variables(theme: str) -> dict[str, str]:
    """Return the colours of a theme by name: ``s1`` to ``s9`` are segments, then what is none.

    Parameters
    ----------
    theme : {'light', 'dark'}
    """
    colours = (*PALETTES[theme], *_NEUTRAL[theme])
    numbered = {f"s{place}": colour for place, colour in enumerate(colours, 1)}
    return {**numbered, **_INK[theme], "card": BACKGROUNDS[theme]}


def config(theme: str | None = None) -> dict[str, Any]:
    """Return what Vega-Lite needs to draw a chart.

    Charts name no colour but a segment's rank or a style of this mapping, so one chart serves all
    themes.

    Parameters
    ----------
    theme : {'light', 'dark'}, optional
        The colours themselves; without it the names of the page's, so that a chart follows the page
        from light to dark and onto paper.
    """
    names = variables("light")
    ink = {name: f"var(--{name})" for name in names} if theme is None else variables(theme)
    label = {"color": ink["text"], "fontSize": 12, "font": FONT}
    return {
        "background": "transparent",
        "font": FONT,
        "view": {"stroke": None},
        "range": {
            "category": [colour for name, colour in ink.items() if name[1:].isdigit()],
            "symbol": list(MARKS),
        },
        "axis": {
            "domainColor": ink["muted"],
            "gridColor": ink["grid"],
            "labelColor": ink["text"],
            "labelFontSize": 12,
            "labelLimit": 150,
            "tickColor": ink["muted"],
            "titleColor": ink["muted"],
            "titleFontSize": 12,
            "titleFontWeight": "normal",
            "titlePadding": 8,
        },
        "legend": {
            "labelColor": ink["text"],
            "labelFontSize": 12,
            "labelLimit": 150,
            "orient": "top",
            "symbolSize": 110,
            "layout": {"top": {"margin": 28}},
            "titleColor": ink["muted"],
            "titleFontSize": 12,
            "titleFontWeight": "normal",
        },
        "text": label,
        "style": {
            "halo": {"stroke": ink["card"], "strokeWidth": 4, "strokeJoin": "round"},
            "label": label,
            "muted": {**label, "color": ink["muted"]},
            "ink": {"color": ink["text"], "stroke": ink["text"]},
            "line": {"color": ink["text"], "stroke": ink["text"]},
            "area": {"fill": ink["area"], "color": ink["area"]},
            "edge": {"stroke": ink["card"]},
        },
    }


def count(number: float) -> str:
    """Return a number of things.

    Examples
    --------
    >>> count(1234567)
    '1,234,567'
    """
    return f"{number:,.0f}"


def people(number: int) -> str:
    """Return a number of customers.

    Examples
    --------
    >>> people(1), people(4372)
    ('1 customer', '4,372 customers')
    """
    return f"{count(number)} customer{'s' * (number != 1)}"


def money(amount: float) -> str:
    """Return an amount, with cents only where they matter.

    Examples
    --------
    >>> money(8300066.64), money(12.5)
    ('8,300,067', '12.50')
    """
    return f"{amount:,.2f}" if abs(amount) < 100 else f"{amount:,.0f}"


def share(part: float | None) -> str:
    """Return a share from 0 to 1; small ones are not called nothing.

    Examples
    --------
    >>> share(0.6161), share(0.0004)
    ('61.6 %', '0.04 %')
    """
    if part is None:
        return "-"
    return f"{part * 100:.1f} %" if part == 0 or abs(part) >= 0.001 else f"{part * 100:.2g} %"


def signed(number: float) -> str:
    """Return a number of things with its sign.

    Examples
    --------
    >>> signed(1200)
    '+1,200'
    """
    return f"{number:+,.0f}"


def day(when: dt.date) -> str:
    """Return a day.

    Examples
    --------
    >>> day(dt.datetime(2011, 12, 9, 12, 50))
    '9 December 2011'
    """
    return f"{when.day} {when:%B %Y}"


def moment(when: dt.datetime) -> str:
    """Return a moment of the database, which counts in UTC.

    Examples
    --------
    >>> moment(dt.datetime(2011, 12, 9, 12, 50))
    '9 December 2011, 12:50 UTC'
    """
    return f"{day(when)}, {when:%H:%M} UTC"
