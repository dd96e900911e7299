"""``segmenter.toml``: options that need not be typed, for the folder that a command runs in.

A table a verb, and above them what holds for every verb that has the option; what is typed wins.
typer takes such values as click's ``default_map``, so that they are checked like typed ones.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from segmenter.errors import SegmenterError, did_you_mean

__all__ = ["VARIABLE", "config_file", "options_of_file"]

FILE = "segmenter.toml"
VARIABLE = "SEGMENTER_CONFIG"

_TYPED = ("allow", "help")
"""Options that are for the person who types: a file may come with the data that it would open."""


def config_file() -> Path:
    """Return the file that is looked for: in the folder of the command, unless a variable says."""
    return Path(os.environ.get(VARIABLE) or FILE)


def options_of_file(verbs: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the options of each verb that the file has, or nothing where there is no file.

    Parameters
    ----------
    verbs : mapping of str to click command

    Raises
    ------
    SegmenterError
        It cannot be read, or names what is no verb or option.
    """
    path = config_file()
    try:
        text = path.read_bytes().decode()
    except FileNotFoundError:
        if VARIABLE in os.environ:
            raise SegmenterError(
                f"there is no file {path}, and {VARIABLE} asks for it. Make it, or unset the "
                "variable."
            ) from None
        return {}
    except OSError as error:
        raise SegmenterError(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise SegmenterError(f"{path} is not a text in UTF-8. Save it as one.") from None
    import tomllib

    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SegmenterError(
            f"{path} is not TOML: {error}. It looks like this: [refit] and below it wait = 60."
        ) from None
    return _by_verb(path, found, verbs)


def _by_verb(
    path: Path, found: Mapping[str, Any], verbs: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    known = {name: dict(_options(verb)) for name, verb in verbs.items()}
    for_all = {key: value for key, value in found.items() if not isinstance(value, dict)}
    everything = {typed: each for options in known.values() for typed, each in options.items()}
    for key, value in for_all.items():
        _check(path, key, value, everything, "any verb")
    for key in found.keys() - for_all.keys() - known.keys():
        raise SegmenterError(
            f"{path} has a table [{key}], and there is no such verb.{did_you_mean(key, [*known])}"
        )
    made: dict[str, dict[str, Any]] = {}
    for name, options in known.items():
        own = found.get(name, {})
        for key, value in own.items():
            _check(path, key, value, options, f"segmenter {name}")
        told = {key: value for key, value in for_all.items() if _plain(key) in options} | own
        made[name] = {options[_plain(key)].name: value for key, value in told.items()}
    return {name: options for name, options in made.items() if options}


def _options(verb: Any) -> Iterator[tuple[str, Any]]:
    """Yield the options of a verb, each by its name without the dashes."""
    for each in verb.params:
        if each.param_type_name == "option" and not each.hidden:
            for typed in each.opts:
                if typed.startswith("--"):
                    yield typed.removeprefix("--"), each


def _plain(key: str) -> str:
    return key.replace("_", "-")


def _check(path: Path, key: str, value: Any, options: Mapping[str, Any], of: str) -> None:
    name = _plain(key)
    if name in _TYPED:
        raise SegmenterError(
            f"{path} has {key}, which a file cannot give. Type --{name} where it is meant."
        )
    if name not in options:
        raise SegmenterError(
            f"{path} has {key}, and there is no option --{name} of {of}."
            f"{did_you_mean(name, sorted(options))}"
        )
    option, given = options[name], f"{path} gives {key} the value {json.dumps(value, default=str)}"
    if option.is_flag != isinstance(value, bool):
        wanted = "is true or false" if option.is_flag else "takes a value"
        raise SegmenterError(f"{given}, and --{name} {wanted}.")
    if option.multiple != isinstance(value, list) or isinstance(value, dict):
        wanted = "may be repeated: give a list" if option.multiple else "takes one value"
        raise SegmenterError(f"{given}, and --{name} {wanted}.")
