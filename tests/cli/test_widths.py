"""Narrow and wide terminals: sentences break between words, and no number of a table is cut."""

from __future__ import annotations

import fcntl
import os
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import duckdb
import pytest

from tests.datasets import SHOP

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent.parent

FIT = (
    *("--transactions", "sales", "--customer", "customer_id", "--amount", "amount"),
    *("--order", "order_id", "--date", "sold_at"),
)

WIDTHS = (50, 80, 120)

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@pytest.fixture
def shop_file(fitted_file):
    return fitted_file(SHOP, *FIT)


def shown(width, *words):
    """Return the lines that a command leaves on a terminal of so many columns."""
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
    environment = {key: value for key, value in os.environ.items() if key != "COLUMNS"}
    with subprocess.Popen(
        [sys.executable, "-m", "segmenter", *map(str, words)],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**environment, "PYTHONPATH": str(ROOT), "TERM": "xterm", "NO_COLOR": "1"},
    ) as process:
        os.close(theirs)
        output = b""
        while True:
            try:
                piece = os.read(ours, 65_536)
            except OSError:  # it has ended
                break
            output += piece
    os.close(ours)
    assert process.returncode is not None
    lines = _ESCAPES.sub("", output.decode()).replace("\r\n", "\n").split("\n")
    left = [line.rpartition("\r")[2].rstrip() for line in lines]
    return [line for line in left if not re.match(r"[⠀-⣿] ", line)]  # a spinner, wiped out


def is_command(line):
    return line.startswith(("  segmenter ", "  select "))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("words", [("segments", "--audit"), ("refit",)])
def test_sentences_break_between_words(run, shop_file, width, words):
    verb, *options = words
    wide = [line for line in shown(1000, verb, shop_file, *options) if line]
    narrow = [line for line in shown(width, verb, shop_file, *options) if line]
    assert all(len(line) <= width or is_command(line) for line in narrow), narrow
    prose = [line for line in wide if len(line) > 60 and not re.search("   |──", line.strip())]
    assert prose
    said = " ".join(" ".join(narrow).split())
    for line in prose:
        sentence = re.sub(r" +[0-9.]+ s$|[0-9]{4}-.*$| model \d+.*$", "", line.strip())
        assert is_command(line) or " ".join(sentence.split()) in said, sentence


def test_what_is_to_be_copied_stays_one_line(tmp_path):
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as con:
        con.execute(SHOP)
        con.execute("alter table sales add column client_id bigint")
        con.execute("update sales set client_id = customer_id // 2")
    lines = shown(50, "inspect", "sales", tmp_path / "shop.duckdb")
    copied = [line for line in lines if line.startswith("  segmenter fit ")]
    assert len(copied) == 1
    assert "--transactions sales" in copied[0]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("words", [("segments",), ("models",), ("customers", "--limit", "3")])
def test_a_table_shows_columns_whole_or_names_those_that_it_leaves_out(shop_file, width, words):
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
