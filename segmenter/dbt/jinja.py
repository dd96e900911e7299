"""SQL for dbt: what is data stays text, and what dbt puts in stands in its own brackets."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sqlglot import exp

from segmenter.engines.ddl import write

__all__ = ["ADAPTERS", "argument", "by_adapter", "call", "escaped", "reference", "written"]

ADAPTERS = ("duckdb", "postgres")
"""The adapters of dbt that a package is for, which are dialects of an export as well."""

_PREFIX = "segmenter_dbt_"

_TOKEN = re.compile(rf'"?{_PREFIX}(ref|arg|call)_(\w+?)_end"?', re.IGNORECASE)
"""A name that stands in a syntax tree for what dbt puts there."""

_MARKUP = re.compile(r"\{[{%#]")


def escaped(text: str) -> str:
    """Return a text that dbt renders as it stands."""
    return _MARKUP.sub(lambda found: f"{{{{ '{found[0]}' }}}}", text)


def reference(name: str) -> exp.Identifier:
    """Return what stands for a relation."""
    return exp.to_identifier(f"{_PREFIX}ref_{name}_end")


def argument(name: str) -> exp.Var:
    """Return what stands for an argument of a macro."""
    return exp.var(f"{_PREFIX}arg_{name}_end")


def call(name: str) -> exp.Var:
    """Return what stands for a call of a macro."""
    return exp.var(f"{_PREFIX}call_{name}_end")


def written(tree: exp.Expr, dialect: str, meanings: Mapping[str, str]) -> str:
    """Return a syntax tree as SQL with the brackets of dbt.

    Parameters
    ----------
    tree : Expr
    dialect : str
    meanings : mapping of str to str
        What stands in the brackets for each relation, argument and call.
    """
    text = escaped(write(tree, dialect))
    return _TOKEN.sub(lambda found: f"{{{{ {meanings[found[2].lower()]} }}}}", text)


def by_adapter(texts: Mapping[str, str]) -> str:
    """Return the text of each adapter under a condition, or the one of all."""
    if len(set(texts.values())) == 1:
        return next(iter(texts.values()))
    word, lines = "if", []
    for adapter, text in texts.items():
        lines += [f"{{%- {word} target.type == '{adapter}' %}}", text]
        word = "elif"
    return "\n".join([*lines, "{%- else %}", "{{ segments_other_adapter() }}", "{%- endif %}"])
