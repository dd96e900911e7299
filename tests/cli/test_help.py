"""The help: complete at 80 columns, with examples that can be copied and that work."""

from __future__ import annotations

import ast
import inspect
import re
import shlex
from collections import defaultdict
from pathlib import Path

import pytest

from segmenter.cli.app import command
from segmenter.cli.exit_codes import MEANINGS, ExitCode
from segmenter.cli.help import EXAMPLE
from segmenter.cli.renamed import RENAMED
from segmenter.cli.verbs import function

VERBS = {name: inspect.cleandoc(function(name).__doc__) for name in command().commands}

EXAMPLES = [
    (verb, paragraph.removeprefix(EXAMPLE))
    for verb, text in VERBS.items()
    for paragraph in text.split("\n\n")
    if paragraph.startswith(EXAMPLE)
]


def test_every_verb_has_an_example():
    assert {verb for verb, _ in EXAMPLES} == set(VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_help_fits_80_columns(run, monkeypatch, verb):
    monkeypatch.setenv("COLUMNS", "80")
    result = run(verb, "--help")
    assert (result.code, result.err) == (0, "")
    too_long = [line for line in result.out.splitlines() if len(line) > 80]
    assert all(line.strip().startswith("--") for line in too_long)  # an option with its choices
    assert not any(line != line.rstrip() for line in result.out.splitlines())


@pytest.mark.parametrize(("verb", "example"), EXAMPLES)
def test_examples_stand_in_the_help_as_they_are_typed(run, monkeypatch, verb, example):
    monkeypatch.setenv("COLUMNS", "80")
    lines = run(verb, "--help").out.splitlines()
    wanted = example.splitlines()
    places = [place for place, line in enumerate(lines) if line.strip() == wanted[0]]
    assert len(places) == 1, wanted[0]
    shown = [line.strip() for line in lines[places[0] : places[0] + len(wanted)]]
    assert shown == [line.strip() for line in wanted]
    assert all(line.endswith(" \\") for line in wanted[:-1])
    assert lines[places[0] - 1].strip() == "Example:"


@pytest.mark.parametrize(("verb", "example"), EXAMPLES)
def test_examples_are_understood(verb, example):
    """A shell makes these words of them, and the verb takes the words."""
    words = shlex.split(example.partition(" > ")[0].replace("\\\n", " "))
    called = ["segmenter", *verb.split()]
    assert words[: len(called)] == called
    words = words[len(called) :]
    command().commands[verb].make_context(verb, words)


@pytest.mark.parametrize("verb", VERBS)
def test_the_help_of_an_option_is_shown_as_it_is_written(run, monkeypatch, verb):
    monkeypatch.setenv("COLUMNS", "80")
    shown = " ".join(run(verb, "--help").out.split())
    for option in command().commands[verb].params:
        assert " ".join((option.help or "").split()) in shown
    for paragraph in VERBS[verb].split("\n\n"):
        if not paragraph.startswith(EXAMPLE):
            assert " ".join(paragraph.replace("`", "").split()) in shown


def test_the_verbs_stand_under_their_headings(run):
    out = run("--help").out
    headings = [line for line in out.splitlines() if line.endswith(":") and line[0] != " "]
    assert headings == ["Options:", "Start:", "Use:", "Watch:", "Keep:", "Exit codes:"]
    for verb in VERBS:
        assert f"\n  {verb} " in out


def test_the_exit_codes_are_in_the_help(run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    shown = " ".join(run("--help").out.partition("Exit codes:")[2].split())
    assert shown == " ".join(f"{code.value} {words}" for code, words in MEANINGS.items())
    assert set(MEANINGS) == set(ExitCode)


def test_exit_codes_have_names_wherever_they_are_given():
    """No verb ends with a number of its own."""
    given = set()
    for path in Path(inspect.getfile(ExitCode)).parent.glob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and ast.unparse(call.func) in ("typer.Exit", "sys.exit"):
                given |= {ast.unparse(argument) for argument in call.args}
    assert given == {"ExitCode.NOT_PUBLISHED", "ExitCode.REFIT_DUE", "ExitCode.STOPPED", "code"}


def test_an_option_means_the_same_wherever_it_is():
    meanings = defaultdict(set)
    for name, verb in command().commands.items():
        for each in verb.params:
            if name == "moves" and "--to" in each.opts:
                continue  # --from and --to are one phrase there
            if each.param_type_name == "option" and not each.hidden:
                words = re.sub(r"  \[.*?\]$", "", each.help)  # its default may be another one
                meaning = (words, each.metavar, tuple(each.opts), tuple(each.secondary_opts))
                meanings[max(each.opts, key=len)].add(meaning)
    assert len(meanings) > 50
    assert {option: found for option, found in meanings.items() if len(found) > 1} == {}


def test_an_argument_means_the_same_wherever_it_is():
    meanings = defaultdict(set)
    for name, verb in command().commands.items():
        for each in verb.params:
            if each.param_type_name == "argument" and name != "demo":  # which makes its file
                meanings[each.metavar].add(each.help)
    assert {name: found for name, found in meanings.items() if len(found) > 1} == {}


def test_all_verbs_can_be_quiet_and_wait():
    for name, verb in command().commands.items():
        options = {option for each in verb.params for option in each.opts}
        assert {"--quiet", "--allow", "--log-format"} <= options, name
        assert ("--wait" in options) == (name != "warm-up"), name  # which opens no database


def test_the_default_is_live_wherever_it_is_asked():
    asked = [
        each.default
        for verb in command().commands.values()
        for each in verb.params
        if "--live" in each.opts
    ]
    assert asked == [True] * 4


@pytest.mark.parametrize(("verb", "option"), RENAMED)
@pytest.mark.parametrize("form", ["{} x", "{}=x"])
def test_an_old_spelling_is_refused_with_the_new_one(run, verb, option, form):
    if form == "{}=x" and option.endswith("safe-csv"):
        form = "{}"  # a flag
    result = run(verb, "shop.duckdb", *form.format(option).split())
    assert (result.code, result.out) == (2, "")
    assert f"there is no {option} any more. " in result.err
    assert option not in run(verb, "--help").out
    advised = re.search(r"segmenter (\w+) .*", result.err)
    if advised:
        name, *words = shlex.split(advised[0])[1:]
        command().commands[name].make_context(name, words)
