"""Parts of pages that are made from the code: the options of each verb, the objects of the schema.

A part stands between ``<!-- made: NAME -->`` and ``<!-- end -->``; ``python -m tests.docs`` writes
all of them anew.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import duckdb

import segmenter
from segmenter import Source
from segmenter.cli.app import command
from segmenter.cli.exit_codes import MEANINGS
from segmenter.cli.help import EXAMPLE, sections
from segmenter.cli.verbs import function
from tests.datasets import SHOP
from tests.docs.pages import text_of

PAGES = ("segmenter/cli/README.md", "sql/README.md")

EVERYWHERE = (
    *("--memory-limit", "--threads", "--format", "--quiet", "--wait", "--allow", "--log-format"),
    "--help",
)
"""Options that are described once, for all verbs."""

_PART = re.compile(r"<!-- made: (\w+)(?: ([\w -]+))? -->\n.*?<!-- end -->", re.DOTALL)

_LABEL = re.compile(r"^([A-Z][a-z]+): +", re.MULTILINE)


def written_anew(page: str) -> str:
    """Return a page with its parts made anew."""

    def made(found: re.Match[str]) -> str:
        words = " ".join(word for word in found.groups() if word)
        lines = MAKERS[found[1]](*found.groups()[1:2] if found[2] else ())
        return "\n".join([f"<!-- made: {words} -->", *lines, "<!-- end -->"])

    return _PART.sub(made, text_of(page))


def verb(name: str) -> Iterator[str]:
    """Describe a verb: what it does, examples, its own options."""
    found = command().commands[name]
    for paragraph in inspect.cleandoc(function(name).__doc__).split("\n\n"):
        if paragraph.startswith(EXAMPLE):
            code = paragraph.removeprefix(EXAMPLE)
            engine = re.search(r"--engine (\w+)", code)
            yield f"\n```sh{f' {engine[1]}' if engine else ''}\n{code}\n```"
        else:
            yield f"\n{paragraph}"
    rows = [_row(each) for each in found.params if each.param_type_name == "argument"]
    for options in _sections(found).values():
        rows += [_row(each) for each in options if max(each.opts, key=len) not in EVERYWHERE]
    yield from _table(("", "", "default"), rows)


def options() -> Iterator[str]:
    """Describe the options that verbs have in common."""
    found = {}
    for each in command().commands.values():
        for option in (option for options in _sections(each).values() for option in options):
            found.setdefault(max(option.opts, key=len), option)
    yield from _table(("", "", "default"), [_row(found[name]) for name in EVERYWHERE])


def exit_codes() -> Iterator[str]:
    """Say what each exit code means."""
    rows = [
        (str(code.value), words.replace("--max-change", "`--max-change`"))
        for code, words in MEANINGS.items()
    ]
    yield from _table(("exit code", "meaning"), rows)


def _sections(found: Any) -> dict[str, list[Any]]:
    words = {"args": [], "resilient_parsing": True}
    with (
        command().make_context("segmenter", **words) as above,
        found.make_context(found.name, parent=above, **words) as context,
    ):
        return sections(found, context)


def _row(each: Any) -> tuple[str, str, str]:
    """Return the line of the help as a row: what to type, what it means, the default."""
    with command().make_context("segmenter", [], resilient_parsing=True) as context:
        typed, words = each.get_help_record(context)
    if each.param_type_name == "argument":
        typed = each.metavar
    words, *brackets = words.split("  [")
    default = "; ".join(bracket.rstrip("]").removeprefix("default: ") for bracket in brackets)
    return tuple(text.replace("|", "\\|") for text in (f"`{typed}`", words, default))


@cache
def _catalogue() -> duckdb.DuckDBPyConnection:
    """Return a database with a model, for its comments."""
    con = duckdb.connect()
    con.execute(SHOP)
    source = Source.from_transactions(
        "sales", customer="customer_id", amount="amount", order="order_id", date="sold_at"
    )
    segmenter.fit(con, source)
    return con


def objects(schema: str) -> Iterator[str]:
    """Describe the objects of a schema by their comments, with their columns."""
    con = _catalogue()
    relations = con.execute(
        """
        select view_name, comment, 'view' as kind from duckdb_views() where schema_name = $1
        union all
        select table_name, comment, 'table' from duckdb_tables() where schema_name = $1
        order by 1
        """,
        [schema],
    ).fetchall()
    for name, comment, kind in relations:
        yield f"\n### `{schema}.{name}`\n\n{_sentence(comment)} ({kind})"
        columns = con.execute(
            "select column_name, data_type, comment from duckdb_columns() "
            "where schema_name = $1 and table_name = $2 order by column_index",
            [schema, name],
        ).fetchall()
        yield from _table(
            ("column", "type", ""),
            [
                (
                    f"`{column}`",
                    kind.lower().replace("|", "\\|"),
                    (comment or "").replace("|", "\\|"),
                )
                for column, kind, comment in columns
            ],
        )
    functions = con.execute(
        """
        select function_name, parameters, comment, function_type
        from duckdb_functions()
        where schema_name = $1 and not internal
        order by function_name, len(parameters)
        """,
        [schema],
    ).fetchall()
    for name, parameters, comment, kind in functions:
        what = "function that returns a table" if kind == "table_macro" else "function"
        yield f"\n### `{schema}.{name}({', '.join(parameters)})`\n\n{_sentence(comment)} ({what})"


def _sentence(comment: str | None) -> str:
    """Return a comment with its labels, such as ``Grain:``, as items of a list."""
    words = (comment or "").replace("|", "\\|")
    if not _LABEL.search(words):
        return words
    return _LABEL.sub(
        r"- **\1:** ",
        "\n".join(line if _LABEL.match(line) else f"  {line}" for line in words.splitlines()),
    )


def _table(titles: tuple[str, ...], rows: list[tuple[str, ...]]) -> Iterator[str]:
    yield ""
    yield f"| {' | '.join(titles)} |"
    yield f"|{' --- |' * len(titles)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


MAKERS: dict[str, Callable[..., Iterator[str]]] = {
    "verb": verb,
    "options": options,
    "exit_codes": exit_codes,
    "objects": objects,
}
