"""Values that are converted without typer are what typer makes of them."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from segmenter.cli.app import command
from segmenter.cli.model_options import ShapeOf
from segmenter.cli.options import Format

PLAIN = (
    ("classify", "monetary", "250", 250.0),
    ("classify", "monetary", "-20.5", -20.5),
    ("customers", "limit", "7", 7),
    ("customers", "limit", None, None),
    ("customers", "database", "shop.duckdb", Path("shop.duckdb")),
    ("customers", "form", "csv", Format.CSV),
    ("customers", "form", Format.TABLE, Format.TABLE),
    ("fit", "shape", "flat", ShapeOf.FLAT),
    ("fit", "max_change", 0.25, 0.25),
    ("fit", "customer", 'Köln "id"', 'Köln "id"'),
    ("forget", "allow", ("a", "b"), ("a", "b")),
)

OTHER = (
    ("classify", "monetary", "1e3", 1000.0),
    ("classify", "monetary", " 2 ", 2.0),
    ("customers", "limit", "1.0", 1),
    ("customers", "limit", "-1", None),
    ("customers", "limit", "many", None),
    ("customers", "form", "xml", None),
    ("fit", "max_change", 1.5, None),
    ("fit", "customer", "two\nlines", "two\nlines"),
)


def parameter(verb, name):
    (found,) = (each for each in command().commands[verb].params if each.name == name)
    return found


def same(made, wanted):
    return type(made) is type(wanted) and made == wanted


@pytest.mark.parametrize(("verb", "name", "value", "wanted"), PLAIN)
def test_plain_values_are_what_typer_makes_of_them(verb, name, value, wanted):
    param = parameter(verb, name)
    context = typer.Context(command().commands[verb])
    typers = type(param).process_value(param, context, value)
    ours = param.process_value(context, value)
    assert same(ours, wanted)
    assert same(tuple(typers) if isinstance(typers, list) else typers, wanted)


@pytest.mark.parametrize(("verb", "name", "value", "wanted"), OTHER)
def test_other_values_are_left_to_typer(verb, name, value, wanted):
    param = parameter(verb, name)
    context = typer.Context(command().commands[verb])
    if wanted is None:
        with pytest.raises(typer.BadParameter):
            param.process_value(context, value)
    else:
        assert same(param.process_value(context, value), wanted)


def test_a_file_that_cannot_be_read_is_left_to_typer(monkeypatch, tmp_path):
    (tmp_path / "shop.duckdb").touch()
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(typer.BadParameter, match="not readable"):
        parameter("customers", "database").process_value(
            typer.Context(command().commands["customers"]), str(tmp_path / "shop.duckdb")
        )
