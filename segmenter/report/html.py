"""The page: sections as HTML, and everything that it needs in one file.

What comes from the database is text to be escaped, never markup; the templates escape all that is
not our own script or style. The page forbids itself all network access, and every other script, by
a content security policy.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from segmenter.formatting import Column, no_formula, plain
from segmenter.report.elements import Figure, Section, Table, Tile
from segmenter.report.theme import (
    FONT,
    MARKS,
    config,
    count,
    day,
    money,
    share,
    variables,
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
                "config": config(),
                "tables": {
                    f"table-{section.key}-{place}": _download(table)
                    for section in sections
                    for place, table in enumerate(filter(_has_rows, section.tables), 1)
                },
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
    found.filters |= {
        "read": _read,
        "sha256": _sha256,
        "style": _style,
        "unbroken": _unbroken,
    }
    found.globals |= {
        "generator": GENERATOR,
        "font": FONT,
        "light": variables("light"),
        "dark": variables("dark"),
        "marks": list(MARKS.values()),
    }
    found.policies["json.dumps_kwargs"] = {
        "ensure_ascii": False,
        "allow_nan": False,
        "separators": (",", ":"),
    }
    return found


def _unbroken(text: str) -> str:
    """Keep a percent sign on the line of its number."""
    return text.replace(" %", "\u00a0%")


def _style(column: Column) -> str:
    """Return the class of the cells of a column, empty where they are plain text."""
    return "key" if column.kind == "key" else "number" * (column.kind not in ("text", "day"))


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


def _has_rows(table: Table) -> bool:
    return bool(table.rows)


def _download(table: Table) -> dict[str, Any]:
    """Return a table as a file has it: numbers whole, not rounded for a reader."""
    columns = [column.title for column in table.columns]
    rows = [_cells(table, row) for row in table.rows]
    if table.groups:
        columns += ["Of", "Value"]
        rows = [[*row, "all customers", None] for row in rows] + [
            [*_cells(table, row), heading, name]
            for heading, groups in table.groups.items()
            for name, members in groups.items()
            for row in members
        ]
    file = f"{re.sub('[^a-z0-9]+', '-', table.title.lower()).strip('-')}.csv"
    return {"file": file, "columns": columns, "rows": rows}


def _cells(table: Table, row: dict[str, Any]) -> list[Any]:
    return [_plain(row[column.name]) for column in table.columns]


def _plain(value: Any) -> Any:
    """Return a value as JSON can hold it, and as no spreadsheet takes for a formula."""
    found = plain(value)
    return no_formula(found) if isinstance(found, str) else found


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
    return _unbroken(str(value))
