"""The option ``--log-format`` of every verb: messages as lines of JSON, for who keeps logs."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any

import typer

from segmenter.cli.signatures import option, parameters_of, with_parameters
from segmenter.cli.terminal import messages

__all__ = ["VARIABLE", "prepare_logs", "with_log_format"]

VARIABLE = "SEGMENTER_LOG_FORMAT"


class LogFormat(StrEnum):
    """How messages are written to standard error."""

    TEXT = "text"
    JSON = "json"


def prepare_logs() -> None:
    """Follow the environment until the options are known."""
    messages.is_log = os.environ.get(VARIABLE) == LogFormat.JSON


def _choose(value: LogFormat | None) -> LogFormat | None:
    if value is not None:
        messages.is_log = value is LogFormat.JSON
    return value


LogFormatOption = Annotated[
    LogFormat | None,
    typer.Option(
        "--log-format",
        is_eager=True,
        callback=_choose,
        envvar=VARIABLE,
        show_envvar=False,
        help="How messages are written to standard error: for a person, or an object a line with "
        f"time, level and message.  [text, or what {VARIABLE} says]",
    ),
]


def with_log_format(verb: Callable[..., Any]) -> Callable[..., Any]:
    """Give a verb of the command line the option ``--log-format``."""

    @functools.wraps(verb)
    def call(*, log_format: LogFormat | None = None, **options: Any) -> Any:
        del log_format  # its callback has seen to it
        return verb(**options)

    return with_parameters(call, [*parameters_of(verb), option("log_format", LogFormatOption)])
