"""Progress: what a long command says while it works. Silent unless somebody listens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

__all__ = ["Progress", "Silent", "Step"]


Step = Callable[[str], None]
"""A step under way; call it with what came of it."""


class Progress(Protocol):
    """Somebody who listens to the steps of a fit."""

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """Open a step with a title."""
        ...

    def warn(self, message: str, code: str = "note") -> None:
        """Say something that the user should know.

        Parameters
        ----------
        message : str
        code : str
            What kind of thing it is, for programs; the same as long as the meaning is.
        """


def _unheard(result: str) -> None:
    del result


class Silent:
    """Nobody listens."""

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """Open a step that nobody sees."""
        del title
        yield _unheard

    def warn(self, message: str, code: str = "note") -> None:
        """Say nothing."""
