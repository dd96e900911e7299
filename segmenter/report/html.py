"""The page: sections as HTML, and everything that it needs in one file.

What comes from the database is text to be escaped, never markup; the templates escape all that is
not our own script or style. The page forbids itself all network access, and every other script, by
a content security policy.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from segmenter.report.elements import Figure, Section, Tile
from segmenter.report.theme import (
    BACKGROUNDS,
    FONT,
    MARKS,
    PALETTES,
    config,
    count,
    day,
    money,
    share,
)
from segmenter.version import __version__

__all__ = ["GENERATOR", "page"]

GENERATOR = f"segmenter {__version__}"


def page(
    *,
    title: str,
    when: str,
    tiles: Sequence[Tile],
    names: Sequence[str],
    decision: Sequence[Section],
    analyst: Sequence[Section],
    library: str,
) -> str:
    """Return the whole page.

    Parameters
    ----------
    title, when : str
    tiles : sequence of Tile
    names : sequence of str
        The segments, highest first.
    decision, analyst : sequence of Section
    library : str
        The charting library, as JavaScript.
    """
    sections = (*decision, *analyst)
    return (
        _templates()
        .get_template("page.html")
        .render(
            title=title,
            when=when,
            tiles=tiles,
            names=list(names),
            decision=decision,
            analyst=analyst,
            data={
                "charts": {
                    figure.key: _spec(figure, section)
                    for section in sections
                    for figure in section.figures
                },
                "themes": {theme: config(theme) for theme in PALETTES},
                "names": list(names),
            },
            library=library,
            script=(files("segmenter.report") / "templates/report.js").read_text(encoding="utf-8"),
        )
    )


@cache
def _templates() -> Environment:
    found = Environment(
        loader=PackageLoader("segmenter.report"),
        autoescape=select_autoescape(disabled_extensions=["css"], default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters |= {"read": _read, "sha256": _sha256}
    found.globals |= {
        "generator": GENERATOR,
        "font": FONT,
        "backgrounds": BACKGROUNDS,
        "palettes": PALETTES,
        "marks": list(MARKS.values()),
    }
    found.policies["json.dumps_kwargs"] = {
        "ensure_ascii": False,
        "allow_nan": False,
        "separators": (",", ":"),
    }
    return found


def _sha256(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _spec(figure: Figure, section: Section) -> dict[str, Any]:
    """Return a chart as the page draws it; who cannot see it hears its title and what it shows."""
    return {
        **figure.spec,
        "width": "container",
        "autosize": {"type": "fit-x", "contains": "padding"},
        "description": f"{figure.title}. {section.lead}",
    }


def _read(value: Any, kind: str) -> str:
    """Return a value as a person reads it."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if kind == "count":
        return count(value)
    if kind == "share":
        return share(value)
    if kind == "money":
        return money(value)
    if kind == "metric":
        return f"{value:,.3f}" if abs(value) < 100 else count(value)
    if kind == "number":
        return f"{value:,.2f}"
    if kind == "day" and isinstance(value, dt.date):
        return day(value)
    return str(value)
