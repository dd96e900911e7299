"""Narrow and wide terminals: sentences break between words, and no number of a table is cut."""

from __future__ import annotations

import fcntl
import os
import re
import struct
import sys
import termios
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import duckdb
import pytest

from segmenter.cli import main
from segmenter.cli.terminal import messages, results
from tests.combinations import each_once
from tests.datasets import SHOP

pytestmark = pytest.mark.slow

FIT = (
    *("--transactions", "sales", "--customer", "customer_id", "--amount", "amount"),
    *("--order", "order_id", "--date", "sold_at"),
)

WIDTHS = (50, 80, 120)

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@pytest.fixture
def shop_file(fitted_file):
    return fitted_file(SHOP, *FIT)


@pytest.fixture
def shown(monkeypatch):
    """Give the lines that a command leaves on a terminal of so many columns."""
    for name in ("COLUMNS", "LINES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")

    def call(width, *words):
        ours, theirs = os.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
        with ThreadPoolExecutor() as pool:
            written = pool.submit(whole, ours)
            with (
                monkeypatch.context() as patch,
                open(theirs, "w", encoding="utf-8") as terminal,
                led_to(theirs, 0, 1, 2),  # Rich asks these how wide they are
            ):
                for name, screen in (("stdout", results), ("stderr", messages)):
                    patch.setattr(sys, name, terminal)
                    patch.setattr(screen, "_made", None)
                patch.setattr(sys, "argv", ["segmenter", *map(str, words)])
                with suppress(SystemExit):
                    main()
            output = written.result()
        os.close(ours)
        lines = _ESCAPES.sub("", output.decode()).replace("\r\n", "\n").split("\n")
        left = [line.rpartition("\r")[2].rstrip() for line in lines]
        return [line for line in left if not re.match(r"[⠀-⣿] ", line)]  # a spinner, wiped out

    return call


@contextmanager
def led_to(terminal, *numbers):
    kept = [os.dup(number) for number in numbers]
    for number in numbers:
        os.dup2(terminal, number)
    try:
        yield
    finally:
        for number, was in zip(numbers, kept, strict=True):
            os.dup2(was, number)
            os.close(was)


def whole(terminal):
    """Read until nobody has the other side of a terminal open."""
    output = b""
    with suppress(OSError):
        while True:
            output += os.read(terminal, 65_536)
    return output


def is_command(line):
    return line.startswith(("  segmenter ", "  select "))


@pytest.mark.parametrize(
    ("words", "width"), each_once([("refit",), ("segments", "--audit")], WIDTHS)
)
def test_sentences_break_between_words(shown, shop_file, width, words):
    verb, *options = words
    wide = [line for line in shown(1000, verb, shop_file, *options) if line]
    narrow = [line for line in shown(width, verb, shop_file, *options) if line]
    too_long = [line for line in narrow if len(line) > width and not is_command(line)]
    assert too_long == []
    prose = [line for line in wide if len(line) > 60 and not re.search("   |──", line.strip())]
    assert prose
    said = " ".join(" ".join(narrow).split())
    for line in prose:
        sentence = re.sub(r" +[0-9.]+ s$|[0-9]{4}-.*$| model \d+.*$", "", line.strip())
        assert is_command(line) or " ".join(sentence.split()) in said, sentence


def test_what_is_to_be_copied_stays_one_line(shown, tmp_path):
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as con:
        con.execute(SHOP)
        con.execute("alter table sales add column client_id bigint")
        con.execute("update sales set client_id = customer_id // 2")
    lines = shown(50, "inspect", "sales", tmp_path / "shop.duckdb")
    copied = [line for line in lines if line.startswith("  segmenter fit ")]
    assert len(copied) == 1
    assert "--transactions sales" in copied[0]


@pytest.mark.parametrize(
    ("words", "width"),
    each_once([("segments",), ("models",), ("customers", "--limit", "3")], WIDTHS),
)
def test_a_table_shows_columns_whole_or_names_those_that_it_leaves_out(
    shown, shop_file, width, words
):
    verb, *options = words
    wide, narrow = (shown(size, verb, shop_file, *options) for size in (1000, width))
    numbers = set(re.findall(r"(?<![\w,.-])\d[\d,.]*(?![\w,.:-])", "\n".join(table(narrow))))
    assert numbers <= set(re.findall(r"\d[\d,.]*", "\n".join(wide)))
    titles = re.split(r"  +", " ".join(table(wide)[:1]).strip())
    said = " ".join(" ".join(narrow).split())
    if "Left out for want of room: " in said:
        assert width < len(table(wide)[0])
        left_out = said.split("Left out for want of room: ")[1].split(". A wider")[0]
        assert titles[-1].split()[-1] in left_out
    else:
        assert all(title.split()[-1] in said for title in titles)


def table(lines):
    """Return the lines around the first rule: the last of the titles, and the rows."""
    rule = next(place for place, line in enumerate(lines) if line.startswith("──"))
    rows = lines[rule + 1 :]
    end = next((place for place, line in enumerate(rows) if not line or "  " not in line), None)
    return [lines[rule - 1], *rows[:end]]
