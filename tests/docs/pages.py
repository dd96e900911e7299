"""The pages of the documentation: their blocks of code, their links and headings.

A page is one session in one folder. Its blocks run in their order:

- ``sh``: in bash; ``segmenter`` and ``python`` are those of this checkout;
- ``sql``: each statement in ``shop.duckdb``, or in the file that stands after the language;
- ``python``: in one namespace a page, or after ``>>>``, with what follows, as in docstrings;
- ``toml``: a `segmenter.toml`, whose options exist;
- ``text``, right after one of these: what it prints, to the letter. A line ``...`` stands for any
  lines. After ``sql`` a table of Markdown is what the last statement returns.

A word after the language says what a block needs beyond DuckDB, such as ``spark``; those run in a
session of their own, in the tests of that engine. A language that is not one of these is shown
only. What cannot run is in `NOT_RUN`, with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent.parent

RUN = ("sh", "sql", "python")
SHOWN = ("text", "")
CHECKED = ("toml",)
ENGINES = ("spark", "postgres")

NOT_RUN = {
    "python3 -m venv": "makes an environment from the network: .ci/run does the same, and runs "
    "what it says",
    "git clone": "makes an environment from the network: .ci/run does the same",
    "pip install -e '.[bench]'": "installs from the network, and measures for minutes to hours",
    "from datetime import datetime, timedelta": "Airflow is no dependency; that its commands are "
    "understood is a test of its own",
    "import dagster": "Dagster is no dependency; that its calls exist is a test of its own",
    "segmenter serve": "serves until it is stopped, with an extension for one version of DuckDB: "
    "tests/clients/test_serve.py runs it there",
    'FIT="segmenter fit': "an earlier version made those files; a later one cannot make them again",
}
"""How a block begins that cannot run in a test, and why."""

_FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_TABLE = re.compile(r"\A\n\n?((?:\|[^\n]*\n)+)")
_LINK = re.compile(r"\[(?:[^\]\[]|\[[^\]]*\])*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)


class Block(NamedTuple):
    """A block of code, and what it prints where that is shown."""

    page: str
    line: int
    language: str
    needs: tuple[str, ...]
    code: str
    output: str | None
    table: str | None

    @property
    def engine(self) -> str:
        """The engine that it needs, or nothing."""
        return next((word for word in self.needs if word in ENGINES), "")

    @property
    def reason(self) -> str:
        """Why it cannot run, or nothing."""
        return next((why for how, why in NOT_RUN.items() if self.code.startswith(how)), "")


@cache
def pages() -> tuple[str, ...]:
    """Return the paths of all pages from the root of the checkout."""
    found = (path.relative_to(ROOT) for path in ROOT.rglob("*.md"))
    own = (path for path in found if not any(map(_is_made, path.parts)))
    return tuple(sorted(map(str, own)))


def _is_made(part: str) -> bool:
    return part.startswith(".") or part in ("build", "dist", "node_modules")


def runnable(page: str, engine: str = "") -> list[Block]:
    """Return the blocks of a page that run without an engine, or with that one."""
    return [each for each in blocks(page) if each.engine == engine and not each.reason]


def text_of(page: str) -> str:
    """Return a page."""
    return (ROOT / page).read_text(encoding="utf-8")


@cache
def blocks(page: str) -> tuple[Block, ...]:
    """Return the blocks of a page that are code, in their order."""
    return tuple(_blocks(page, text_of(page)))


def _blocks(page: str, text: str) -> Iterator[Block]:
    fences = list(_FENCE.finditer(text))
    for place, fence in enumerate(fences):
        language, *needs = fence[1].split() or [""]
        if language not in RUN:
            continue
        after = fences[place + 1] if place + 1 < len(fences) else None
        follows = after and after[1] == "text" and not text[fence.end() : after.start()].strip()
        table = _TABLE.match(text[fence.end() :]) if language == "sql" else None
        yield Block(
            page,
            text.count("\n", 0, fence.start()) + 1,
            language,
            tuple(needs),
            fence[2],
            after[2] if after and follows else None,
            table[1] if table else None,
        )


def files_of_options(page: str) -> list[str]:
    """Return the blocks of a page that are a ``segmenter.toml``."""
    return [fence[2] for fence in _FENCE.finditer(text_of(page)) if fence[1] == "toml"]


def languages(page: str) -> set[str]:
    """Return the languages of all blocks of a page."""
    return {(fence[1].split() or [""])[0] for fence in _FENCE.finditer(text_of(page))}


def links(page: str) -> list[str]:
    """Return the targets of all links and pictures of a page."""
    return _LINK.findall(_FENCE.sub("", text_of(page)))


def anchors(page: str) -> set[str]:
    """Return what the headings of a page are called in links, as GitHub makes it."""
    headings = _HEADING.findall(_FENCE.sub("", text_of(page)))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
