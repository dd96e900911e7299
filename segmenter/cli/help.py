"""How verbs show themselves: options under headings, examples as they are typed."""

from __future__ import annotations

from inspect import cleandoc
from typing import Any

from typer.core import TyperCommand

from segmenter.cli.plain_values import sparing

__all__ = ["EXAMPLE", "OPTIONS", "Verb", "sections", "shown"]

EXAMPLE = "Example: "
"""How a paragraph of a docstring begins that is a command to copy."""

OPTIONS = "Options"
"""Heading of the options that have no other one; they come last."""


class Verb(TyperCommand):
    """A verb, whose options stand under their headings."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters, that of the help with them."""
        return sparing(super().get_params(ctx))

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return the words of the usage: arguments that may be absent in brackets."""
        arguments = [each for each in self.get_params(ctx) if each.param_type_name == "argument"]
        names = [each.metavar or each.name.upper() for each in arguments]
        shown = [
            name if each.required else f"[{name}]"
            for name, each in zip(names, arguments, strict=True)
        ]
        return ["[OPTIONS]", *shown]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the arguments, then a section for each heading."""
        arguments = [each for each in self.get_params(ctx) if each.param_type_name == "argument"]
        if arguments:
            with formatter.section("Arguments"):
                formatter.write_dl([each.get_help_record(ctx) for each in arguments])
        for heading, options in sections(self, ctx).items():
            with formatter.section(heading):
                formatter.write_dl([each.get_help_record(ctx) for each in options])


def sections(verb: Any, ctx: Any) -> dict[str, list[Any]]:
    """Return the options of a verb that are shown, by heading, in their order."""
    found: dict[str, list[Any]] = {}
    for each in verb.get_params(ctx):
        if each.param_type_name == "option" and not each.hidden:
            heading = getattr(each, "rich_help_panel", None) or OPTIONS
            found.setdefault(heading, []).append(each)
    last = found.pop(OPTIONS)
    return {**found, OPTIONS: last}


def shown(help_text: str) -> str:
    """Return a verb's help with its examples on lines of their own, to be copied as they stand."""
    paragraphs = []
    for paragraph in cleandoc(help_text).split("\n\n"):
        if paragraph.startswith(EXAMPLE):
            example = paragraph.removeprefix(EXAMPLE).replace("\n", "\n  ")
            paragraphs.append(f"\b\nExample:\n  {example}")
        else:
            paragraphs.append(paragraph.replace("`", ""))
    return "\n\n".join(paragraphs)
