"""1,800 calls of the command line that are wrong, made from a seed.

Each call is one mistake in a call that works: a value of the wrong kind, a file that is something
else, a name that a terminal or SQL would take for more than a name, a table that nobody can learn
from. They run in the folder that `tests.bad_files` makes.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import NamedTuple

from segmenter.cli.app import command
from tests.bad_values import (
    BAD_DATES,
    BAD_EXPRESSIONS,
    BAD_FILES,
    BAD_MODELS,
    BAD_NUMBERS,
    BAD_TABLES,
    BAD_WHOLE,
    CONFLICTS,
    HOSTILE,
    NO_MODELS,
    ODD_DATES,
    SPECIAL_FILES,
)
from tests.good_calls import DATED, GOOD, READ

__all__ = ["COUNT", "Call", "calls"]

COUNT = 1800
SEED = 15

WRONG = frozenset({2})
EITHER = frozenset({0, 2, 3})
"""What may be meant: it works, or it is refused."""


class Call(NamedTuple):
    """The words after ``segmenter``, the exit codes that are right, and the kind of mistake."""

    words: tuple[str, ...]
    codes: frozenset[int]
    kind: str


READABLE = (
    "sales.parquet",
    "profiles.csv",
    "one_customer",
    "segments_internal.models",
    "texts",  # taken for profiles
    *ODD_DATES,
)
"""Files and tables in which customer and amount may be found."""

READINGS: dict[str, tuple[str, ...]] = {
    "--unit": (*BAD_NUMBERS, "0", "-1", "0.5", "10", "1e-30", "0.01"),
    "--csv": (
        *("x", "=", "delim=", "skip=many", "skip=-1", "skip=99999", "delim=;;;;;;;;;;", "no=1"),
        *("header=maybe", "encoding=x", "quote=ab", "nullstr=", "columns={}", "delim=\n"),
        *("ignore_errors=perhaps", "decimal_separator=x", "dateformat=%Q", "names=[a, b]"),
    ),
    "--sheet": ("1", "Sheet1"),
    "--attach": ("x", "a=", "=b", "a=mysql:", "a=missing.duckdb", "a=text.txt", "a=shop.duckdb"),
    "--number-format": ("1.2.3", "abc", "1234", "1.234.56"),
    "--date-format": ("%Q", "dd/mm/yyyy", "%H", "%", "iso8601"),
}
"""Options that say how a file is read, with what they do not take."""


def calls(count: int = COUNT) -> list[Call]:
    """Return the calls, always the same ones, kinds mixed."""
    made, special = list(dict.fromkeys(_all())), list(_special_files())
    chance = random.Random(SEED)
    chance.shuffle(made)
    assert len(made) >= count, len(made)
    made[count - len(special) :] = special
    chance.shuffle(made)
    return made


def _all() -> Iterator[Call]:
    yield from _misspelled()
    for words in CONFLICTS:
        yield Call(words, WRONG, "options that do not go together")
    yield from _wrong_values()
    yield from _wrong_files()
    yield from _wrong_sources()
    yield from _guessed()
    yield from _texts()


def _misspelled() -> Iterator[Call]:
    for word in ("fitt", "Fit", "", "--verson", "-x", "help", *HOSTILE):
        yield Call((word,), WRONG, "no such verb")
        yield Call((word, "shop.duckdb"), WRONG, "no such verb")
    for verb, words in GOOD.items():
        yield Call((verb,), WRONG, "nothing given")
        yield Call((verb, *words, "one", "too", "many"), WRONG, "too many arguments")
        yield Call((verb, *words, "--no-such-option"), WRONG, "no such option")
        yield Call((verb, *words, "--format"), WRONG, "an option without its value")
        for hostile in HOSTILE[:12]:
            yield Call((verb, *words, f"--{hostile}"), WRONG, "no such option")


def _wrong_values() -> Iterator[Call]:
    """Give each option of a kind a value of another."""
    for verb, words in GOOD.items():
        for option in command().commands[verb].params:
            name = max(option.opts, key=len)
            if not name.startswith("--") or option.is_flag:
                continue
            kind = str(option.type_descriptor.annotation)
            if "int" in kind:
                bad: tuple[str, ...] = BAD_WHOLE
            elif "float" in kind:
                bad = BAD_NUMBERS
            elif option.type_descriptor.is_choice:
                bad = ("x", "", "[red]", "TABLES", "\x1b[31m", "a\nb")
            else:
                continue
            for value in bad:
                codes = EITHER if value == "9" * 25 else WRONG  # no limit is as good
                yield Call((verb, *words, name, value), codes, "a value of another kind")
    for verb in ("classify", "explain"):
        for value in BAD_NUMBERS:
            yield Call((verb, "shop.duckdb", value, "3"), WRONG, "a value of another kind")
            yield Call((verb, "shop.duckdb", "250", value), WRONG, "a value of another kind")
    for verb, words in (("compare", ("1",)), ("rollback", ())):
        for value in BAD_WHOLE:
            yield Call((verb, "shop.duckdb", *words, value), WRONG, "a value of another kind")
    dates = {"moves": ("--from", "--to"), "backtest": ("--as-of", "--until"), "fit": ("--as-of",)}
    for verb, options in {**dates, "report": ("--since",)}.items():
        for option in options:
            for value in BAD_DATES:
                yield Call((verb, *GOOD[verb], option, value), WRONG, "no date")
    for value in ("x", "0 days", "-1 days", "1 fortnight", "1e9 years", "1", "days", *HOSTILE):
        yield Call(("fit", *GOOD["fit"], "--window", value), WRONG, "no time span")
    for value in ("x", "0", "2GBB", "lots", *HOSTILE[:13]):
        words = ("--memory-limit", value)
        for verb in ("fit", "refresh", "backtest", "label"):
            yield Call((verb, *GOOD[verb], *words), WRONG, "no amount of memory")
    for value in ("mysql", "Postgres ", *HOSTILE):
        words = ("export", "shop.duckdb", "--dialect", value)
        yield Call(words, WRONG, "no such dialect")


def _wrong_files() -> Iterator[Call]:
    for verb, words in GOOD.items():
        for file in BAD_FILES:
            codes = EITHER if verb == "inspect" and file in READABLE else WRONG
            yield Call((verb, file, *words[1:]), codes, "not a database")
        for file in BAD_MODELS:
            yield Call((verb, file, *words[1:]), EITHER, "a damaged model")
        for file in NO_MODELS:
            codes = EITHER if verb == "fit" else WRONG
            yield Call((verb, file, *words[1:]), codes, "no model")
    for file in (*BAD_TABLES, *BAD_FILES):
        words = ("label", "shop.duckdb", "--input", file, "--output", "out.csv")
        # a file without rows is labelled: another without rows
        codes = EITHER if file in ("header_only.csv", "profiles.csv") else WRONG
        yield Call(words, codes, "nothing to label")
    outputs = ("out", "out.xlsx", "folder", "no/out.csv", "text.txt/out.csv", "profiles.csv")
    for file in (*outputs, *HOSTILE, *(f"{text}.csv" for text in HOSTILE)):
        words = ("label", "shop.duckdb", "--input", "profiles.csv", "--output", file)
        yield Call(words, EITHER if file.endswith(".csv") else WRONG, "no place for the output")
    for file in (*outputs[2:], *HOSTILE):
        words = ("report", "shop.duckdb", "--output", file)
        yield Call(words, EITHER, "no place for the output")
        yield Call(("report", "shop.duckdb", "--png", file), EITHER, "no place for the output")


def _special_files() -> Iterator[Call]:
    """Give pipes, sockets, devices and folders where a file is read or written."""
    for file in SPECIAL_FILES:
        for verb, words in GOOD.items():
            yield Call((verb, file, *words[1:]), WRONG, "a special file")
        yield Call(("demo", file), WRONG, "a special file")
        for option, words in (("--transactions", READ), ("--profile", ()), ("--points", ())):
            yield Call(("fit", "shop.duckdb", option, file, *words), WRONG, "a special file")
        yield Call(
            ("fit", "shop.duckdb", *GOOD["fit"][1:], "--exclude", file), WRONG, "a special file"
        )
        label = ("label", "shop.duckdb", "--input")
        yield Call((*label, file, "--output", "out.csv"), WRONG, "a special file")
        for more in ((), ("--overwrite",)):
            words = (*label, "profiles.csv", "--output", file, *more)
            yield Call(words, WRONG, "a special file")
        yield Call(("report", "shop.duckdb", "--output", file), WRONG, "a special file")
        yield Call(("publish", "shop.duckdb", "--to", file), WRONG, "a special file")
        codes = EITHER if file == "folder.csv" else WRONG
        yield Call(("dbt", "init", "shop.duckdb", file), codes, "a special file")
        codes = EITHER if file == "folder.csv" else WRONG
        yield Call(("report", "shop.duckdb", "--png", file), codes, "a special file")


def _wrong_sources() -> Iterator[Call]:
    for table in BAD_TABLES:
        for option, words in (("--transactions", READ), ("--profile", ()), ("--points", ())):
            yield Call(("fit", "shop.duckdb", option, table, *words), WRONG, "not such a table")
        yield Call(("fit", *GOOD["fit"], "--exclude", table), EITHER, "not such a table")
        words = ("fit", "new.duckdb", "--transactions", table, *READ)
        yield Call(words, WRONG, "not such a table")
    for table in ODD_DATES:
        for more in ((), ("--dry-run",), ("--window", "3 months"), ("--as-of", "2024-03-01")):
            words = ("fit", "dates.duckdb", "--transactions", table, *DATED, *more)
            yield Call(words, EITHER, "odd dates")
        file = f"{table}.duckdb"
        for verb, words in GOOD.items():
            if verb in ("compare", "rollback", "fit"):
                continue
            for form in ((), ("--format", "csv"), ("--format", "json")):
                if form and verb in ("export", "label", "report", "prune"):
                    continue
                yield Call((verb, file, *words[1:], *form), EITHER, "odd dates")
        yield Call(("moves", file, "--from", "2024-02-01", "--customers"), EITHER, "odd dates")
    columns = dict(zip(DATED[::2], DATED[1::2], strict=True))
    for option in (*columns, "--where", "--currency"):
        for text in BAD_EXPRESSIONS:
            chosen = {**columns, option: text}
            words = tuple(word for pair in chosen.items() for word in pair)
            codes = EITHER if option in ("--where", "--currency", "--order") else WRONG
            if text in ("'text'", "'a'", "amount -- comment", "amount /*", "{'a': 1}", "[1, 2]"):
                codes = EITHER
            if text in ("NULL", "cast('x' as integer)") or text.startswith("((("):
                codes = EITHER
            call = ("fit", "shop.duckdb", "--transactions", "sales", *words)
            yield Call(call, codes, "no such column")
    for option in ("--monetary", "--frequency"):
        for text in BAD_EXPRESSIONS:
            yield Call(("label", *GOOD["label"], option, text), EITHER, "no such column")


def _guessed() -> Iterator[Call]:
    """Leave the columns to be guessed, of files and tables that have none, or odd ones."""
    for file in dict.fromkeys((*BAD_TABLES, *BAD_FILES, *ODD_DATES)):
        codes = EITHER if file in READABLE else WRONG
        yield Call(("inspect", file), codes, "nothing to guess")
        yield Call(("inspect", file, "tables.duckdb"), codes, "nothing to guess")
        yield Call(("fit", file), codes, "nothing to guess")
        for database in ("tables.duckdb", "new.duckdb", "dates.duckdb"):
            call = ("fit", database, "--transactions", file, "--yes")
            yield Call(call, codes, "nothing to guess")
    for file in (*BAD_FILES, *BAD_MODELS, *NO_MODELS):
        codes = WRONG if file in BAD_FILES else EITHER
        yield Call(("inspect", "sales", file), codes, "nothing to guess")
        yield Call(("fit", file, "--transactions", "sales.csv", "--yes"), EITHER, "a guessed fit")
    for file in SPECIAL_FILES:
        yield Call(("fit", file), WRONG, "a special file")
    for option, texts in READINGS.items():
        for text in (*texts, *HOSTILE):
            for words in (("inspect", "sales.csv"), ("fit", "sales.csv"), ("fit", "sales.parquet")):
                yield Call((*words, option, text), EITHER, "read in an odd way")
    for option in ("--customer", "--amount", "--order", "--date", "--where", "--currency"):
        for text in BAD_EXPRESSIONS:
            yield Call(("fit", "sales.csv", option, text), EITHER, "a guess beside nonsense")


def _texts() -> Iterator[Call]:
    """Give names and ids that are more than names to somebody; they may be right."""
    for text in HOSTILE:
        yield Call(("customers", "shop.duckdb", "--segment", text), WRONG, "odd texts")
        yield Call(("explain", "shop.duckdb", "--id", text), WRONG, "odd texts")
        yield Call(("forget", "shop.duckdb", "--id", text), WRONG, "odd texts")
        yield Call(("publish", "shop.duckdb", "--to", text), EITHER, "odd texts")
        yield Call(("export", *GOOD["export"], "--table", text), EITHER, "odd texts")
        yield Call(("dbt init", *GOOD["dbt init"], "--table", text), EITHER, "odd texts")
        yield Call(("dbt", "init", "shop.duckdb", text), EITHER, "odd texts")
        names = ("--names", f"{text},B,C", "--publish")
        yield Call(("fit", *GOOD["fit"], *names), EITHER, "odd texts")
        yield Call(("fit", *GOOD["fit"], "--levels", text), WRONG, "odd texts")
        for verb in ("customers", "moves", "models", "segments"):
            call = (verb, *GOOD[verb], "--format", text)
            yield Call(call, WRONG, "odd texts")
    for verb, words in GOOD.items():
        if verb not in ("compare", "rollback"):
            yield Call((verb, "hostile.duckdb", *words[1:]), EITHER, "odd texts")
