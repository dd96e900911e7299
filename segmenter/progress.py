"""Progress: what a long command says while it works. Silent unless somebody listens."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple, Protocol

__all__ = ["Note", "Progress", "Silent", "Step", "tell"]


Step = Callable[[str], None]
"""A step under way; call it with what came of it."""


class Note(NamedTuple):
    """What to know of data, of a step or of a result.

    Attributes
    ----------
    code : str
        What kind of thing it is, for programs: the same in every version. The page of the command
        line lists all.
    message : str
        A sentence.
    """

    code: str
    message: str


class Progress(Protocol):
    """Somebody who listens to the steps of a fit."""

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """Open a step with a title."""
        ...

    def warn(self, message: str, code: str) -> None:
        """Say something that the user should know: the parts of a `Note`."""


def _unheard(result: str) -> None:
    del result


class Silent:
    """Nobody listens."""

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """Open a step that nobody sees."""
        del title
        yield _unheard

    def warn(self, message: str, code: str) -> None:
        """Say nothing."""


def tell(progress: Progress, notes: Iterable[Note]) -> None:
    """Say notes one by one."""
    for note in notes:
        progress.warn(note.message, note.code)
