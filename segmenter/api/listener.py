"""Progress for a person at a terminal or a notebook; an output that is kept has none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from segmenter.formatting import visible
from segmenter.progress import Progress, Silent, Step

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["listener"]


def listener() -> Progress:
    """Return who hears of the steps: the person in front of a notebook or terminal, or nobody."""
    from rich.console import Console

    console = Console(stderr=True, markup=False, emoji=False, highlight=False)
    return _Shown(console) if console.is_jupyter or console.is_terminal else Silent()


class _Shown:
    """A line a step: a spinner while it runs, then what came of it."""

    def __init__(self, console: Console) -> None:
        self._console = console

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        details: list[str] = []
        with self._console.status(visible(title)):
            yield details.append
        self._console.print(f"  {visible(title)}: {visible(', '.join(details))}")

    def warn(self, message: str, code: str) -> None:
        """Say something that the user should know."""
        del code
        self._console.print(f"  note: {visible(message)}")
