r"""Patterns of DuckDB, which are RE2's, as Spark reads them, which are Java's.

Most of both is the same. In Java ``$`` also ends before a last line break, ``.`` stops at more of
them, ``(?i)`` knows ASCII only, a bracket in a class begins another class, and the text that
replaces has ``$1`` where RE2 has ``\1``.
"""

from __future__ import annotations

import re

__all__ = ["java_pattern", "java_replacement"]

_FLAGS = re.compile(r"\(\?([a-zA-Z]*)")
_OWN = re.compile(r"&&|\[:|\(\?P|\\[CQvhRGX]")
"""What Java has not, or for something else; each odd enough to be refused wherever it is."""

_TOKEN = re.compile(r"\\.|.", re.DOTALL)


def java_pattern(pattern: str) -> str | None:
    """Return a pattern with the same meaning in Java, None where there may be none."""
    if _OWN.search(pattern):
        return None
    flags = "".join(_FLAGS.findall(pattern))
    written, before, in_class, has_dot = "", "", False, False
    for token in _TOKEN.findall(pattern):
        if in_class and token == "]" and before in ("[", "[^"):
            return None  # a bracket of the class to RE2
        if in_class:
            written += "\\[" if token == "[" else token
            in_class = token != "]"
            before += token
            continue
        in_class, before = token == "[", token
        has_dot = has_dot or token == "."
        written += "\\z" if token == "$" and "m" not in flags else token
    prefix = "d" * (has_dot or "m" in flags) + "u" * ("i" in flags)
    return f"(?{prefix}){written}" if prefix else written


def java_replacement(text: str, *, first_group: int = 0) -> str | None:
    """Return a replacement as Java has it, None where DuckDB would refuse it.

    Parameters
    ----------
    text : str
    first_group : int, default 0
        The number that the whole match has as a group.
    """
    written, follows_group = "", False
    for token in _TOKEN.findall(text):
        is_group = len(token) == 2 and token[1].isdigit()
        if is_group:
            written += f"${int(token[1]) + first_group}"
        elif token == "\\" or (len(token) == 2 and token != "\\\\"):
            return None
        else:
            is_literal = token == "$" or (follows_group and token.isdigit())
            written += f"\\{token}" if is_literal else token
        follows_group = is_group
    return written
