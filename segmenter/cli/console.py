"""What a person sees while a command works, on standard error."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.text import Text

from segmenter.cli import stopping
from segmenter.cli.parameters import in_options
from segmenter.progress import Progress, Silent, Step

__all__ = ["listener", "messages", "waiting"]

messages = Console(stderr=True, highlight=False)


def listener(quiet: bool) -> Progress:
    """Return who hears of the steps: nobody, or the person at the terminal."""
    return _Quiet() if quiet else _Spoken()


class _Quiet(Silent):
    """Says nothing, and stops between steps when asked to."""

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        with super().step(title) as said:
            yield said
        stopping.check()


class _Spoken:
    """One line a step: a spinner with the time while it runs, then what came of it."""

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        said: list[str] = []
        started = time.perf_counter()
        with waiting(title):
            yield said.append
        stopping.check()
        seconds = time.perf_counter() - started
        line = Text.assemble(("  ", ""), f"{title}: {', '.join(said)}")
        line.append(f"  {seconds:.1f} s", style="dim")
        messages.print(line, soft_wrap=True)

    def warn(self, message: str) -> None:
        """Say something that the user should know."""
        messages.print(Text.assemble(("  note: ", "yellow"), in_options(message)), soft_wrap=True)


@contextmanager
def waiting(title: str) -> Iterator[None]:
    """Show a person at a terminal that something goes on, and for how long."""
    if not messages.is_terminal:
        yield
        return
    from rich.progress import Progress as Bars
    from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Bars(*columns, console=messages, transient=True) as bars:
        bars.add_task(title, total=None)
        yield
