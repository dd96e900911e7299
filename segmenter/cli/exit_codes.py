"""What the number means with which a command ends: one thing each."""

from __future__ import annotations

from enum import IntEnum

__all__ = ["MEANINGS", "ExitCode"]


class ExitCode(IntEnum):
    """How a command ended."""

    DONE = 0
    DEFECT = 1
    CANNOT = 2
    NOT_PUBLISHED = 3
    BUSY = 4
    REFIT_DUE = 5
    STOPPED = 130
    """128 and the number of Ctrl-C's signal, as shells have it."""


MEANINGS = {
    ExitCode.DONE: "Done.",
    ExitCode.DEFECT: "A defect of Segmenter, with a traceback.",
    ExitCode.CANNOT: "It cannot be done; a sentence says why, and what is stored all the same, if "
    "anything.",
    ExitCode.NOT_PUBLISHED: "fit, refit: the model is stored but not published, because it would "
    "move more customers than --max-change.",
    ExitCode.BUSY: "Another program had the file open, or changed what the result rests on. "
    "Nothing is stored; the same command may succeed later.",
    ExitCode.REFIT_DUE: "drift: the customers have changed, a refit is due.",
    ExitCode.STOPPED: "Stopped by Ctrl-C or termination; a sentence says what is stored, or that "
    "nothing is.",
}
