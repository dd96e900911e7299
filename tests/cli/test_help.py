"""The help: complete at 80 columns, with examples that can be copied and that work."""

from __future__ import annotations

import inspect
import shlex

import pytest

from segmenter.cli.app import EXAMPLE, app, command

VERBS = {
    each.callback.__name__: inspect.cleandoc(each.callback.__doc__)
    for each in app.registered_commands
}

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
    name, given, *words = shlex.split(example.partition(" > ")[0].replace("\\\n", " "))
    assert (name, given) == ("segmenter", verb)
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
    assert headings == ["Options:", "Start:", "Use:", "Watch:", "Keep:"]
    for verb in VERBS:
        assert f"\n  {verb} " in out
