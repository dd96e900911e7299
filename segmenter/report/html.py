"""The page: sections as HTML, and everything that it needs in one file.

What comes from the database is text to be escaped, never markup. The page forbids itself all
network access, and every script that is not its own, by a content security policy.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from html import escape
from importlib.resources import files
from typing import Any

from segmenter.report.availability import Missing
from segmenter.report.elements import Figure, Section, Table, Tile
from segmenter.report.theme import (
    BACKGROUNDS,
    FONT,
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

_MARKS = {
    "circle": '<circle cx="7" cy="7" r="5.5"/>',
    "square": '<rect x="2" y="2" width="10" height="10"/>',
    "triangle-up": '<path d="M7 1.5 13 12.5H1z"/>',
    "diamond": '<path d="M7 1 13 7 7 13 1 7z"/>',
    "cross": '<path d="M5 1h4v4h4v4H9v4H5V9H1V5h4z"/>',
    "triangle-down": '<path d="M7 12.5 1 1.5h12z"/>',
    "stroke": '<rect x="1" y="5.5" width="12" height="3"/>',
}
"""The shapes of the map, for the buttons of the filter."""


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
    figures = [figure for section in (*decision, *analyst) for figure in section.figures]
    script = _file("report.js")
    parts = {
        "generator": escape(GENERATOR),
        "policy": _policy(library, script),
        "title": escape(title),
        "when": escape(when),
        "style": _style(),
        "tiles": "".join(_tile(tile) for tile in tiles),
        "filter": _filter(names),
        "decision": "\n".join(_section(section, names) for section in decision),
        "analyst": "\n".join(_section(section, names) for section in analyst),
        "footer": f"Made by {escape(GENERATOR)}. This file needs no network and sends nothing.",
        "data": _json(
            {
                "charts": {figure.key: _spec(figure) for figure in figures},
                "themes": {theme: config(theme) for theme in PALETTES},
                "names": list(names),
            }
        ),
        "library": library,
        "script": script,
    }
    return _filled(_file("template.html"), parts)


def _file(name: str) -> str:
    return (files("segmenter.report") / name).read_text(encoding="utf-8")


def _filled(template: str, parts: Mapping[str, str]) -> str:
    """Put each part in its place, once: what a part holds is not looked at again."""
    return re.sub(r"\{\{([\w.]+)\}\}", lambda found: parts[found[1]], template)


def _policy(*scripts: str) -> str:
    """Allow these scripts and inline styles, and nothing else: no network, no other script."""
    digests = [
        base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts
    ]
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _style() -> str:
    parts = {"font": FONT}
    for theme, palette in PALETTES.items():
        parts[f"{theme}.card"] = BACKGROUNDS[theme]
        parts[f"{theme}.segments"] = " ".join(
            f"--s{rank}: {colour};" for rank, colour in enumerate(palette, start=1)
        )
    return _filled(_file("report.css"), parts)


def _json(value: Any) -> str:
    """Return JSON that cannot end a script element, whatever its texts are."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def _spec(figure: Figure) -> dict[str, Any]:
    return {
        **figure.spec,
        "width": "container",
        "autosize": {"type": "fit-x", "contains": "padding"},
        "description": figure.title,
    }


def _tile(tile: Tile) -> str:
    return f'<div class="tile"><b>{escape(tile.value)}</b>{escape(tile.words)}</div>'


def _filter(names: Sequence[str]) -> str:
    chips = [
        f'<button type="button" aria-pressed="true" data-segment="{escape(name)}" '
        f'title="{escape(name)}">{_mark(names, name)}<span>{escape(name)}</span></button>'
        for name in names
    ]
    return "".join(['<button type="button" aria-pressed="true">All</button>', *chips])


def _mark(names: Sequence[str], name: str) -> str:
    """Draw the sign of a segment: its shape in its colour."""
    place = list(names).index(name) % len(_MARKS)
    shape = list(_MARKS.values())[place]
    return f'<svg viewBox="0 0 14 14" aria-hidden="true" fill="var(--s{place + 1})">{shape}</svg>'


def _section(section: Section, names: Sequence[str]) -> str:
    style = "missing" if isinstance(section.lead, Missing) else "lead"
    pieces = [f"<h3>{escape(section.title)}</h3>", f'<p class="{style}">{escape(section.lead)}</p>']
    if section.figures:
        figures = "".join(_figure(figure) for figure in section.figures)
        pieces.append(f'<div class="figures">{figures}</div>')
    if section.notes:
        notes = "".join(f"<li>{escape(note)}</li>" for note in section.notes)
        pieces.append(f'<ul class="notes">{notes}</ul>')
    pieces += [_table(table, names) for table in section.tables if table.rows]
    return f'<section id="section-{section.key}">{"".join(pieces)}</section>'


def _figure(figure: Figure) -> str:
    caption = f'<p class="caption">{escape(figure.caption)}</p>' if figure.caption else ""
    return (
        f"<figure><h4>{escape(figure.title)}</h4>"
        f'<div class="wide"><div class="chart" id="{escape(figure.key)}" '
        f'style="min-width: {figure.min_width}px"></div></div>{caption}</figure>'
    )


def _table(table: Table, names: Sequence[str]) -> str:
    head = "".join(
        f'<th scope="col"{_class(column.kind)}>{escape(column.title)}</th>'
        for column in table.columns
    )
    body = "".join(_row(row, table, names) for row in table.rows)
    rows = (
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )
    opened = " open" if table.is_open else ""
    return f"<details{opened}><summary>{escape(table.title)}</summary>{rows}</details>"


def _row(row: Mapping[str, Any], table: Table, names: Sequence[str]) -> str:
    segment = row.get("segment")
    known = segment in names
    cells = []
    for column in table.columns:
        text = escape(_read(row[column.name], column.kind))
        if column.name == "segment" and known:
            text = f"{_mark(names, str(segment))} {text}"
        cells.append(f"<td{_class(column.kind, column.name)}>{text}</td>")
    follows = f' data-segment="{escape(str(segment))}"' if known else ""
    return f"<tr{follows}>{''.join(cells)}</tr>"


def _class(kind: str, name: str = "") -> str:
    if kind == "key":
        return ' class="key"'
    if kind not in ("text", "day"):
        return ' class="number"'
    return ' class="name"' if name == "segment" else ""


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
