"""Errors that users can put right: what was wrong, what is allowed, what came, what to do next.

A message names a parameter as Python does, ``amount = 'net * 1.19'``; the command line turns it
into its option with `as_options`. What an engine says comes in with `reason`, or `first_line`.
"""

from __future__ import annotations

import ast
import csv
import io
import re
import shlex
from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches

from segmenter.formatting import ended

__all__ = [
    "BusyError",
    "InputError",
    "NoModelError",
    "SegmenterError",
    "as_options",
    "did_you_mean",
    "first_line",
    "reason",
    "refuse_old_names",
    "shortage",
    "without_secrets",
]

_QUOTED = r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\""""
_MAPPING = rf"{{(?:{_QUOTED}|[^{{}}'\"]|{{(?:{_QUOTED}|[^{{}}'\"])*}})*}}"
_LIST = rf"\[(?:{_QUOTED})(?:, (?:{_QUOTED}))*\]"
_WORD = r"(?<![\w'\"])[a-z]+(?:_[a-z]+)*(?![\w'\"])"
_PARTS = re.compile(
    rf"(?P<name>{_WORD}) = (?P<value>{_QUOTED}|True|False|\d[\d,]*(?:\.\d+)?|{_MAPPING}|{_LIST})"
    rf"|(?P<quoted>(?<!\w)(?:{_QUOTED}))|(?P<word>{_WORD})"
)
_SECRET = re.compile(
    r"((?:password|passwd|pwd|token|secret)\s*=\s*)(?!\$\{)(?:'[^']*'|\"[^\"]*\"|\S+)"
    r"|(://[^/@\s:]*:)(?!\$\{)[^/@\s]+(?=@)",
    re.IGNORECASE,
)
"""A password in the address of a server, which an engine repeats when it cannot reach it."""
_CSV_LINE = re.compile(r"CSV Error on Line: (\d+)")
_CSV_FILE = re.compile(r"^\s*file = (.+)$", re.MULTILINE)
_MISSING = re.compile(r'Extension "(\w+)" (?:is an existing extension|.*not found)')
_CSV_CAUSES = ("Expected", "Error when", "Value with", "Invalid", "Maximum", "The CSV")
_PACKAGES = {
    **{name: [name] for name in ("azure", "delta", "ducklake", "excel", "httpfs")},
    **{name: [f"{name}-scanner"] for name in ("mysql", "postgres", "sqlite")},
    "iceberg": ["iceberg", "avro"],
}
"""The packages of Python that bring an extension of DuckDB, without their beginning."""
_LONGEST = 120


class SegmenterError(Exception):
    """Something the user can put right; the message says how. The base of the others."""


class InputError(SegmenterError, ValueError):
    """A parameter, an expression, or the data that they name: nothing was written."""


class NoModelError(SegmenterError, LookupError):
    """The database has no model, or not the version that was asked for."""


class BusyError(SegmenterError):
    """Another program was in the way; the same call may do later. Nothing was written."""


def did_you_mean(name: str, candidates: Iterable[str]) -> str:
    """Return ``" Did you mean 'x'?"`` for the nearest candidate, or nothing."""
    by_folded = {candidate.casefold(): candidate for candidate in candidates}
    nearest = get_close_matches(name.casefold(), by_folded, n=1, cutoff=0.6)
    return f" Did you mean {by_folded[nearest[0]]!r}?" if nearest else ""


def refuse_old_names(given: Mapping[str, object], new_names: Mapping[str, str]) -> None:
    """Refuse what a function was called with by a name that it had in an earlier version.

    Parameters
    ----------
    given : mapping of str to object
        Keyword arguments that the function does not know.
    new_names : mapping of str to str
        From old to new name.

    Raises
    ------
    InputError
        The sentence has the new name.
    TypeError
        The name was never known.
    """
    for name in given:
        if name not in new_names:
            raise TypeError(f"unexpected keyword argument {name!r}")
        raise InputError(f"{name} is called {new_names[name]} now. Write that instead.")


def first_line(error: BaseException) -> str:
    """Return the first line of an engine's message, as a sentence, without passwords."""
    return ended(without_secrets((str(error).strip() or type(error).__name__).splitlines()[0]))


def reason(error: BaseException) -> str:
    """Return what DuckDB says in a sentence: of a CSV file the line, what is wrong, and the value.

    Its own first line says of a CSV file no more than the number of the line.
    """
    lines = [line.strip() for line in str(error).strip().splitlines()]
    if len(lines) > 1 and "closed pending query" in lines[0]:  # the reason comes after it
        lines = [lines[1].removeprefix("Error: "), *lines[2:]]
    if not lines:
        return first_line(error)
    if missing := _MISSING.search(str(error)):
        name = missing[1].removesuffix("_scanner")
        return (
            f"DuckDB's extension {name} is missing. Install it once, where there is a network: "
            f"INSTALL {name}; in any client of the same version of DuckDB{_package(name)}."
        )
    number = _CSV_LINE.search(lines[0])
    if number is None:
        more = lines[1:2] if "Error when sniffing" in lines[0] else []
        return " ".join(map(ended, [without_secrets(lines[0]), *more]))
    original = next((line for line in lines if line.startswith("Original Line:")), "")
    others = [line for line in lines[1:] if line and not line.startswith(("Original", "Possible"))]
    causes = [line for line in others if line.startswith(_CSV_CAUSES)]  # a line may have several
    cause = next(iter(causes or others), "it cannot be read").rstrip(".")
    file = _CSV_FILE.search(str(error))
    place = f"line {int(number[1]):,} of {file[1].strip()}" if file else f"line {int(number[1]):,}"
    text = original.removeprefix("Original Line:").strip()
    shown = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
    return f"{place}: {cause}{f' (the line is {shown!r})' if shown else ''}."


def without_secrets(text: str) -> str:
    """Return a text without the passwords in the addresses of servers."""
    return _SECRET.sub(lambda found: f"{found[1] or found[2]}...", text)


def _package(extension: str) -> str:
    """Return how an extension is installed as a package of Python, where there is one."""
    names = " ".join(f"duckdb-extension-{name}" for name in _PACKAGES.get(extension, ()))
    said = ", or as a package, which brings the DuckDB that it fits: pip install "
    return f"{said}{names}" if names else ""


def shortage(error: BaseException) -> str:
    """Return which of memory, temporary folder and disk an engine has used up, or nothing."""
    text = str(error)
    if "max_temp_directory_size" in text or "failed to offload" in text:
        return "the folder for temporary files"
    if "No space left on device" in text or "Disk quota exceeded" in text:
        return "the disk"
    return "the memory" if type(error).__name__ == "OutOfMemoryException" else ""


def as_options(
    message: str,
    parameters: Collection[str],
    texts: Collection[str] = (),
    spelled: Mapping[str, str] | None = None,
) -> str:
    """Return a message with its parameters as options of the command line.

    Parameters
    ----------
    message : str
        With parameters as in Python: ``amount = 'net * 1.19'``, ``max_points = 5``, ``as_of``. One
        that is a mapping becomes an option for each entry: ``--csv delim=;``; a list of texts one
        with commas between them.
    parameters : collection of str
        Names of parameters. Without a value only those with an underscore are recognised: the
        others are words as well.
    texts : collection of str
        Those of them that are texts: ``amount = 5`` is the value of a row.
    spelled : mapping of str to str, optional
        From a parameter to its option, where they have different names.

    Examples
    --------
    >>> as_options("Raise max_points, or give amount = 'net * 1.19'.", ["amount", "max_points"])
    'Raise --max-points, or give --amount "net * 1.19".'
    >>> as_options("Fit with attributes = ['country', 'channel'].", ["attributes"])
    'Fit with --attributes country,channel.'
    """

    def rendered(found: re.Match[str]) -> str:
        name = found["name"] or found["word"] or ""
        if name not in parameters or (found["word"] and "_" not in name):
            return found[0]
        option = f"--{(spelled or {}).get(name, name).replace('_', '-')}"
        value = found["value"]
        if value is not None and value.startswith("{"):
            pairs = ast.literal_eval(value).items()
            return " ".join(f"{option} {_pair(key, one)}" for key, one in pairs)
        if value is not None and value.startswith("["):
            return f"{option} {_shell_word(repr(_with_commas(ast.literal_eval(value))))}"
        if value is not None and value[0] not in "'\"" and name in texts:
            return found[0]
        if value is None or value == "True":
            return option
        if value == "False":
            return option.replace("--", "--no-", 1)
        return f"{option} {_shell_word(value)}"

    return _PARTS.sub(rendered, message)


def _pair(key: str, value: object) -> str:
    """Return an entry of a mapping as a word of a command: ``delim=';'``."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return _shell_word(repr(f"{key}={text}"))


def _with_commas(texts: Iterable[str]) -> str:
    """Return texts as one, in which quotes hold what has a comma itself."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(texts)
    return line.getvalue()


def _shell_word(value: str) -> str:
    """Return a Python literal as a word of a command, in double quotes where they do."""
    if value[0] not in "'\"":
        return value.replace(",", "")
    text = str(ast.literal_eval(value))
    if shlex.quote(text) == text and text[-1].isalnum():  # a comma would be read as the sentence's
        return text
    return shlex.quote(text) if re.search(r'[$`"\\!]', text) else f'"{text}"'
