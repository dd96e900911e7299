"""What is printed: names are text, data stays exact, and a closed or narrow stream is no fault."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import re
import shlex
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import duckdb
import pytest

from segmenter import Settings, Source, fit
from segmenter.formatting import visible
from tests.combinations import first_in_gate
from tests.datasets import SHOP

ROOT = Path(__file__).parent.parent.parent

TABLE = 'a"[/red] :smile: \x1b[31m'
NAMES = ("[/]", "\x1b]0;x\x07", "=1+1 [bold]")
PREFIX = "[/b]\u202e\x9b:bomb:"
FILE = "[red]:smile:\x1b]0;owned\x07.duckdb"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A file whose every name is markup, a code for an emoji or a command of the terminal."""
    path = tmp_path_factory.mktemp("hostile") / FILE
    with duckdb.connect(str(path)) as con:
        con.execute(SHOP)
        quoted = TABLE.replace('"', '""')
        con.execute(
            f'create table "{quoted}" as select $1 || customer_id as "[id]", '
            'amount as "am[/]ount", order_id, sold_at from sales',
            [PREFIX],
        )
        con.execute("drop table sales")
        source = Source(
            transactions=TABLE,
            customer='"[id]"',
            amount='"am[/]ount"',
            order="order_id",
            date="sold_at",
        )
        fit(con, source, Settings(names=NAMES))
        fit(con, source, Settings(names=NAMES, n_neighbors=3))
    return path


@pytest.fixture
def shop(made, tmp_path):
    path = tmp_path / FILE
    path.write_bytes(made.read_bytes())
    return path


READ = ("--transactions", TABLE, "--customer", '"[id]"', "--amount", '"am[/]ount"')

VERBS = {
    "segments": ((), NAMES),
    "segments --audit": ((), NAMES),
    "customers": ((), (PREFIX, *NAMES)),
    "customers --upgrades": ((), (PREFIX, *NAMES[1:])),
    "rules": ((), NAMES),
    "classify": (("100000", "50"), NAMES[:1]),
    "explain": (("--id", f"{PREFIX}7"), (f"{PREFIX}7", NAMES[2])),
    "moves": (("--from", "2024-02-01"), NAMES),
    "moves --customers": (("--from", "2024-01-20"), (PREFIX,)),
    "quality": ((), ()),
    "drift": ((), ()),
    "backtest": (("--as-of", "2024-02-15"), NAMES),
    "refresh": ((), NAMES),
    "models": ((), (TABLE, *NAMES)),
    "compare": (("1", "2"), NAMES),
    "rollback": (("1",), NAMES),
    "forget": (("--id", f"{PREFIX}7"), (f"{PREFIX}7",)),
    "prune": (("--keep", "1"), ()),
    "fit --publish": (
        (*READ, "--names", ",".join(NAMES)),
        (TABLE, FILE, *NAMES),
    ),
    "fit --dry-run": (
        READ,
        (TABLE, PREFIX, '"am[/]ount"'),
    ),
    "report": (("--output", "[red]\x1b.html"), ("[red]\x1b.html",)),
}
"""Words of each verb, and the names that it must show."""


def shows(text: str, name: str) -> bool:
    """Tell whether a name is there as it stands, even where a table goes on in the next line."""
    return visible(name) in text


@first_in_gate("verb", VERBS, first=8)
def test_names_are_text_and_terminals_obey_nothing(run, shop, monkeypatch, verb):
    monkeypatch.chdir(shop.parent)
    words, names = VERBS[verb]
    name, *options = verb.split()
    result = run(name, FILE, *words, *options)
    assert result.code in (0, 3), result.err
    both = result.out + result.err
    assert [name for name in names if not shows(both, name)] == []
    for line in both.splitlines():
        assert visible(line) == line


@pytest.mark.parametrize("verb", [verb for verb in VERBS if not verb.startswith(("fit", "report"))])
def test_a_database_that_is_not_there_is_called_as_it_was_typed(run, tmp_path, monkeypatch, verb):
    monkeypatch.chdir(tmp_path)
    name, *options = verb.split()
    result = run(name, FILE, *VERBS[verb][0], *options)
    assert (result.code, result.out) == (2, "")
    assert result.err == f"segmenter: there is no database {visible(FILE)}: no such file.\n"


@pytest.mark.parametrize("text", ["[red]", "[/]", ":smile:", "\x1b]0;x\x07", "a\nb", "\u202ex"])
@pytest.mark.parametrize(
    "words",
    [
        ("fit", "--transactions", "T", "--customer", "a", "--amount", "b"),
        ("customers", "--segment", "T.x"),
        ("explain", "--id", "T"),
        ("forget", "--id", "T"),
        ("export", "--dialect", "T"),
        ("moves", "--from", "T"),
        ("segments", "--format", "T"),
        ("T",),
        ("label", "--input", "T.csv", "--output", "o.csv"),
    ],
    ids=lambda words: words[0],
)
def test_messages_show_what_was_typed(run, shop, words, text):
    verb, *more = (text if word == "T" else word.replace("T.", f"{text}.") for word in words)
    result = run(verb, *(() if verb == text else (shop,)), *more)
    assert (result.code, result.out) == (2, "")
    assert visible(text) in result.err or repr(text)[1:-1] in result.err
    for line in result.err.splitlines():
        assert visible(line) == line


def test_csv_and_json_keep_the_data(run, shop):
    csv_rows = run("customers", shop, "-f", "csv", "--limit", "0").out
    json_rows = json.loads(run("customers", shop, "-f", "json", "--limit", "0").out)["rows"]
    from_csv = list(csv.DictReader(io.StringIO(csv_rows, newline="")))
    assert len(from_csv) == len(json_rows) == 60
    for ours, theirs in zip(from_csv, json_rows, strict=True):
        assert ours["customer_id"] == theirs["customer_id"]
        assert theirs["customer_id"].startswith(PREFIX)
        assert ours["segment"].removeprefix("'") == theirs["segment"]
        assert theirs["segment"] in NAMES


def test_json_holds_nothing_that_a_terminal_obeys(run, shop):
    out = run("customers", shop, "-f", "json").out
    assert visible(out.replace("\n", "")) == out.replace("\n", "")


@pytest.mark.parametrize("words", ["customers F -f csv", "export F -d postgres"])
def test_a_terminal_obeys_no_data(shop, words):
    shop = shop.rename(shop.parent / "shop.duckdb")
    ours, theirs = pty.openpty()
    with open(ours, "rb", closefd=True) as shown, open(theirs, "wb") as terminal:
        line = [sys.executable, "-c", CALL, *words.replace("F", str(shop)).split()]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"}
        with subprocess.Popen(line, stdout=terminal, env=environment) as running:
            terminal.close()
            out = b""
            with suppress(OSError):  # the end of a terminal
                while block := os.read(shown.fileno(), 1 << 16):
                    out += block
        assert running.returncode == 0
    lines = out.decode().replace("\r\n", "\n").split("\n")
    assert any(visible(NAMES[1]) in line for line in lines)
    assert [line for line in lines if visible(line) != line] == []


SHEET = """
    create table sales as
    select ['=cmd', '+1', '-5', '@x', chr(9) || 't', chr(13) || 'r', 'plain', 'a=b'][1 + i % 8]
            || i % 40 as customer_id,
        i as order_id, -20.5 + i as amount, timestamp '2024-01-01' + to_days((i // 4)::int) as at
    from range(600) as t(i)
"""
SHEET_FIT = ("--transactions", "sales", "--customer", "customer_id", "--amount", "amount")


def test_a_spreadsheet_computes_no_cell(run, fitted_file):
    path = fitted_file(SHEET, *SHEET_FIT, "--date", "at")
    for words in (("customers", path), ("moves", path, "--from", "2024-01-03", "--customers")):
        safe = rows_of(run(*words, "-f", "csv", "--limit", "0").out)
        exact = rows_of(run(*words, "-f", "csv", "--limit", "0", "--no-safe-csv").out)
        assert len(safe) == len(exact) > 0
        for ours, theirs in zip(safe, exact, strict=True):
            text = theirs["customer_id"]
            is_formula = text[0] in "=+-@\t\r"
            assert ours["customer_id"] == ("'" + text if is_formula else text)
            rest = {name: value for name, value in ours.items() if name != "customer_id"}
            assert rest == {name: theirs[name] for name in rest}


def test_numbers_stay_numbers(run, fitted_file):
    sales = (
        "create table sales as select -i as customer_id, -20.5 + i as amount from range(60) t(i)"
    )
    path = fitted_file(sales, *SHEET_FIT)
    rows = rows_of(run("customers", path, "-f", "csv", "--limit", "0").out)
    assert {row["customer_id"] for row in rows} == {str(-i) for i in range(60)}
    assert min(float(row["monetary"]) for row in rows) == -20.5


def test_other_csv_has_names_as_they_are(run, shop):
    for verb in ("segments", "rules", "models"):
        out = run(verb, shop, "-f", "csv").out
        assert "=1+1" in out
        assert "'=1+1" not in out


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


CALL = "import sys; from segmenter.cli import main; sys.argv[0] = 'segmenter'; main()"


def shell(line: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run a line of a shell in which ``segmenter`` is the command line of this tree."""
    ours = f"{shlex.quote(sys.executable)} -c {shlex.quote(CALL)}"
    return subprocess.run(
        ["bash", "-c", f'set -o pipefail; segmenter() {{ {ours} "$@"; }}; {line}'],
        cwd=cwd,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        timeout=120,
    )


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_narrow_terminal_shows_escapes(run, tmp_path, fitted_file, encoding):
    path = fitted_file(
        SHOP, "--transactions", "sales", "--customer", "customer_id", "--amount", "amount",
        "--names", "Größte ✓,Mid,Low",
    )  # fmt: skip
    words = shlex.join([str(path)])
    shown = shell(f"segmenter segments {words}", tmp_path, PYTHONIOENCODING=encoding)
    assert shown.returncode == 0, shown.stderr
    assert b"\\u2713" in shown.stdout
    for form in ("csv", "json"):
        line = f"segmenter segments {words} --format {form}"
        exact = shell(line, tmp_path, PYTHONIOENCODING=encoding)
        assert exact.returncode == 0
        assert "Größte ✓" in exact.stdout.decode("utf-8")
    script = shell(f"segmenter export {words} -d postgres", tmp_path, PYTHONIOENCODING=encoding)
    assert "Größte ✓" in script.stdout.decode("utf-8")


def test_a_path_that_is_not_utf8_is_named(tmp_path):
    for verb in ("segments", "fit --transactions sales --customer a --amount b"):
        done = shell(f"segmenter {verb} $'\\xff.duckdb'", tmp_path)
        assert done.returncode == 2
        assert done.stderr.startswith(b"segmenter: ")
        assert b"\\udcff.duckdb" in done.stderr
        assert done.stderr.count(b"\n") == 1


@first_in_gate(
    ("words", "unbuffered"),
    [
        ("customers F --limit 0 -f csv", ""),
        ("customers F --limit 0 -f csv", "1"),
        ("rules F", ""),
        ("segments F -f json", "1"),
        ("fit --help", ""),
        pytest.param("rules F", "1", marks=pytest.mark.extended),
        pytest.param("segments F -f json", "", marks=pytest.mark.extended),
        pytest.param("fit --help", "1", marks=pytest.mark.extended),
    ],
    first=2,
)
def test_an_output_that_nobody_reads_or_that_is_full(shop, words, unbuffered):
    shop = shop.rename(shop.parent / "shop.duckdb")
    line = f"segmenter {words.replace('F', 'shop.duckdb')}"
    closed = shell(f"{line} | head -c 1", shop.parent, PYTHONUNBUFFERED=unbuffered)
    assert (closed.returncode, closed.stderr) == (0, b"")
    full = shell(f"{line} > /dev/full", shop.parent, PYTHONUNBUFFERED=unbuffered)
    assert full.returncode == 2
    assert full.stderr == (
        b"segmenter: the result cannot be written to standard output: No space left on device.\n"
    )
    none = shell(f"{line} >&-", shop.parent, PYTHONUNBUFFERED=unbuffered)
    assert (none.returncode, none.stderr) == (0, b"")


def test_messages_that_nobody_reads_stop_no_work(shop):
    shop = shop.rename(shop.parent / "shop.duckdb")
    for end in ("2> /dev/full", "2>&1 | head -c 1"):
        done = shell(f"segmenter refresh shop.duckdb --full {end}", shop.parent)
        assert done.returncode == 0
    with duckdb.connect(str(shop), read_only=True) as con:
        assert con.execute("select count(*) from segments_internal.snapshots").fetchone() != (0,)
    assert shell("segmenter rules nix.duckdb 2> /dev/full", shop.parent).returncode == 2


def test_one_place_prints():
    """Every line goes through terminal.py, or Python's progress; a helper process has its own.

    So has an example, which somebody copies.
    """
    allowed = {"cli/terminal.py", "api/listener.py", "report/vega.py"}
    allowed.add("cli/examples/superset_dashboard.py")
    calls = r"^(?! *(>>>|\.\.\.)).*\bprint\((?!.*file=results\.exact\(\))"
    ours = calls + r"|\bsys\.std(out|err)|^\s*(import|from) rich\b"
    for path in (ROOT / "segmenter").rglob("*.py"):
        if path.relative_to(ROOT / "segmenter").as_posix() not in allowed:
            text = path.read_text(encoding="utf-8")
            assert re.search(ours, text, re.MULTILINE) is None, path
