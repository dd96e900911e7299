"""What a person sees while a command works, on standard error."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from segmenter import stopping
from segmenter.cli.parameters import in_options
from segmenter.cli.reply import reply
from segmenter.cli.terminal import messages
from segmenter.progress import Progress, Silent, Step

__all__ = ["listener", "waiting"]


def listener(quiet: bool) -> Progress:
    """Return who hears of the steps: nobody, or the person at the terminal."""
    return _Quiet() if quiet else _Spoken()


class _Quiet(Silent):
    """Says nothing, and stops between steps when asked to; an answer in JSON has the notes."""

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        with super().step(title) as details:
            yield details
        stopping.check()

    def warn(self, message: str, code: str) -> None:
        reply.note(in_options(message), code)


class _Spoken:
    """One line a step: a spinner with the time while it runs, then what came of it."""

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        details: list[str] = []
        started = time.perf_counter()
        with waiting(title):
            yield details.append
        stopping.check()
        seconds = time.perf_counter() - started
        said = f"  {title}: {', '.join(details)}"
        if messages.is_log:
            messages.parts((said, ""), step=title, seconds=round(seconds, 3))
        else:
            messages.parts((said, ""), (f"  {seconds:.1f} s", "dim"))

    def warn(self, message: str, code: str) -> None:
        """Say something that the user should know."""
        said = in_options(message)
        reply.note(said, code)
        if messages.is_log:
            messages.parts((said, ""), level="warning", code=code)
        else:
            messages.parts(("  note: ", "yellow"), (said, ""))


def waiting(title: str, quiet: bool = False) -> AbstractContextManager[None]:
    """Show a person at a terminal that something goes on, and for how long."""
    return nullcontext() if quiet else messages.waiting(title)
