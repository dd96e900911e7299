"""Every sentence of the package, read from its source: its form, and in whose words it speaks."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
FILES = [*sorted((ROOT / "segmenter").rglob("*.py")), *sorted((ROOT / "udf").glob("*.py"))]

SAYS = re.compile(r"(Error|Interrupted)$|^(warn|_fail|Missing|Note)$")
"""What is called with a message."""

COUNTS = "".join(
    file.read_text() for file in sorted((ROOT / "sql/views").glob("data_quality_*.sql"))
)

VALUE = "\x00"
"""Stands for what a placeholder puts in."""

TO_COPY = (
    "segmenter demo other.duckdb",
    f"mv {VALUE} {VALUE}",
    f"rm -r {VALUE}",
    "pip install 'duckdb-segmenter[postgres]'",
    "pip install 'duckdb-segmenter[report]'",
    "--spark-conf spark.executor.memory=8g",
    f"iconv -f {VALUE} -t utf-8 {VALUE} > converted.csv",
)
"""What may be the end of a message, since a full stop would be copied along."""

PROPER = ("PostgreSQL ", "Spark ", "PySpark ", "DuckDB ", "RecursiveWard ", "Only ")

COUNTABLE = "row|customer|rule|point|file|purchase|order|segment|name|block|whale|profile"

NEVER_ONE = (
    "the {} points of the linkage",  # of arrays, for programmers
    "each of the {} points",
    "fewer than the {} blocks",  # of two clusters at least
    "{} rules, more than",
    "{} rows in {}, and a profile",  # which is about more than one
    "than max_points = {} distinct points",
    "all {} training customers are equal",  # of two at least
    "{} names were given",  # two at least
    "stand for {} customers in all",  # more than can be summed
    "have {} customers together",
    "{} segments holds {}",
    "more than {} distinct points",
)
"""Plurals whose number is never one."""


class Message(NamedTuple):
    """A text with placeholders, the expressions in them, and where it stands."""

    text: str
    holes: tuple[str, ...]
    place: str


def rendered(node: ast.expr) -> tuple[str, tuple[str, ...]] | None:
    """Return a text with its placeholders, None where it is made elsewhere."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value, ()
    if isinstance(node, ast.FormattedValue):
        return VALUE, (ast.unparse(node.value),)
    if isinstance(node, ast.JoinedStr):
        parts = [part for value in node.values if (part := rendered(value))]
        return "".join(text for text, _ in parts), tuple(hole for _, more in parts for hole in more)
    return None


def messages() -> Iterator[Message]:
    """Yield what is raised, warned of or printed as a message."""
    for file, tree in parsed():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and node.args:
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                place = 1 if name == "Note" else 0
                found = rendered(node.args[place]) if SAYS.search(name) else None
                if found is not None and " " in found[0].strip():
                    yield Message(*found, f"{file}:{node.lineno}")


def texts() -> Iterator[Message]:
    """Yield every text with a space in it that is no docstring and no part of another."""
    for file, tree in parsed():
        parts = {
            id(part)
            for node in ast.walk(tree)
            if isinstance(node, ast.JoinedStr | ast.Expr)
            for part in (ast.walk(node) if isinstance(node, ast.JoinedStr) else [node.value])
            if part is not node
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant | ast.JoinedStr) and id(node) not in parts:
                found = rendered(node)
                if found is not None and " " in found[0]:
                    yield Message(*found, f"{file}:{node.lineno}")


def parsed() -> Iterator[tuple[Path, ast.Module]]:
    for file in FILES:
        yield file.relative_to(ROOT), ast.parse(file.read_text())


def expect_none(found, is_wrong) -> None:
    wrong = [f"{one.place}: {one.text!r} {one.holes}" for one in found if is_wrong(one)]
    assert not wrong, "\n".join(wrong)


def test_there_are_messages():
    assert len(list(messages())) > 150


def test_a_message_begins_like_the_middle_of_a_line():
    def is_wrong(one):
        begin = one.text.removeprefix("segmenter: ").removeprefix("  ")
        return begin[0].isupper() and not begin.startswith(PROPER) and "report/" not in one.place

    expect_none(messages(), is_wrong)


def test_a_message_ends_with_its_end():
    """A placeholder at the end ends itself: a reason, a hint or a list."""
    expect_none(
        messages(), lambda one: not one.text.endswith((*".?!", ".)", VALUE, f"({VALUE})", *TO_COPY))
    )


def test_no_message_stumbles_over_what_is_put_in():
    ended = re.compile(r"^(first_line|reason|_details|_way_out)\(|^advice$")
    odd = re.compile(r"\.\.(?!\.)|\. \.|[!?]\.|(?<=\S)  +(?=\S)| [.,](?!\.\.)|DuckDB's\W*$")

    def is_wrong(one):
        parts = one.text.split(VALUE)
        after = zip(one.holes, parts[1:], strict=True)
        twice = any(ended.search(hole) and rest[:1] in (".", ",", ":") for hole, rest in after)
        return twice or odd.search(one.text.replace("\n", " ").strip()) is not None

    expect_none(messages(), is_wrong)


def test_what_is_counted_may_be_one():
    plural = re.compile(rf"{VALUE} (?:training |distinct |such )?(?:{COUNTABLE})s\b(?!\.['\"])")

    def is_wrong(one):
        shown = one.text.replace(VALUE, "{}")
        return plural.search(one.text) and not any(known in shown for known in NEVER_ONE)

    expect_none(messages(), is_wrong)


def test_the_library_names_parameters_and_the_command_line_options():
    option = re.compile(r"(?<![\w-])--[a-z]")
    parameter = re.compile(
        r"\b(?!option|value|name)[a-z_]+ = (?:'[^']*'|True|False|\x00)(?= |\.|,|$)"
    )
    spoken = [one for one in messages() if "report/" not in one.place]
    library = [one for one in spoken if not one.place.startswith("segmenter/cli/")]
    command_line = [one for one in spoken if one.place.startswith("segmenter/cli/")]
    # the connection of PostgreSQL is made by the command line alone
    allowed = "password in --dsn"
    expect_none(library, lambda one: option.search(one.text) and allowed not in one.text)
    expect_none(command_line, lambda one: parameter.search(one.text))


def codes() -> set[str]:
    """Return the codes of notes that stand in the source; those of data are checks' names."""
    places = {"warn": 1, "note": 1, "Note": 0, "_not_counted": 0}
    found = set()
    for _, tree in parsed():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                place = places.get(name)
                if place is not None and len(node.args) > place:
                    code = node.args[place]
                    if isinstance(code, ast.Constant) and isinstance(code.value, str):
                        found.add(code.value)
    return found


def test_the_page_of_the_command_line_lists_each_code_of_a_note():
    page = (ROOT / "segmenter/cli/README.md").read_text()
    part = page.split("## Codes of notes")[1].split("\n## ")[0]
    rows = [line.split("|")[2] for line in part.splitlines() if line.startswith("| ")]
    listed = {code for row in rows for code in re.findall(r"`([a-z_]+)`", row)}
    checks = set(re.findall(r"'([a-z_]+)' as check_name", COUNTS))
    assert listed == codes() - checks
