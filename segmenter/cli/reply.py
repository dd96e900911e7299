"""What a command answers in JSON: its rows in an envelope that says whose they are.

The same for every verb, so that a job that reads one can read all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["SCHEMA", "Reply", "reply"]

SCHEMA = "segmenter/1"
"""The form of the envelope; a name or a meaning that changes makes it another one."""


class Reply:
    """What is known of the answer before its rows are written.

    Attributes
    ----------
    command : str
        The verb.
    model_id : int or None
        The version that the rows are of; None where there is none.
    published : bool
        Whether that version is the current one.
    """

    def __init__(self) -> None:
        self.begin("")

    def begin(self, command: str) -> None:
        """Forget what was known: another command runs."""
        self.command = command
        self.model_id: int | None = None
        self.published = False
        self._notes: list[dict[str, str]] = []

    def of_model(self, model_id: int, *, published: bool = True) -> None:
        """Say which version the rows are of."""
        self.model_id, self.published = model_id, published

    def note(self, message: str, code: str) -> None:
        """Keep what the user was told, also where --quiet shows it to nobody."""
        if {"code": code, "message": message} not in self._notes:
            self._notes.append({"code": code, "message": message})

    def envelope(self, rows: Iterable[Mapping[str, Any]], **more: Any) -> dict[str, Any]:
        """Return the whole answer."""
        return {
            "schema": SCHEMA,
            "command": self.command,
            "model_id": self.model_id,
            "published": self.published,
            "notes": self._notes,
            **more,
            "rows": list(rows),
        }


reply = Reply()
"""Of the command that runs."""
