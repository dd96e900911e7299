"""The one place that writes to standard output and standard error.

Names, ids, paths and messages of others are text, never markup: brackets and colons are shown as
they stand, and control characters as escapes. In a file CSV, JSON and SQL keep what they hold to
the last byte and are UTF-8 whatever the terminal's encoding is, so that the same data gives the
same file; on a terminal the rule of all the others holds for them.
"""

from __future__ import annotations

import io
import json
import os
import sys
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Literal, Protocol, TextIO

from segmenter.errors import SegmenterError
from segmenter.formatting import escaped, visible

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

__all__ = ["Screen", "Stream", "messages", "prepare", "results", "written_out"]

Level = Literal["info", "warning", "error"]

_WIDE = 140
"""Characters of a line of a table that goes to a file or another program."""

_GAP = 2
"""Characters between two columns."""

_NARROW = 20
"""Characters that a sentence gets at least, and that a word of a table may take at most."""


class Stream(Protocol):
    """What can be written to."""

    def write(self, text: str, /) -> int:
        """Write a text."""


class _Shown:
    """A terminal, which obeys nothing of what it is given but the ends of lines."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str, /) -> int:
        return self._stream.write("\n".join(map(visible, text.split("\n"))))


class Screen:
    """Standard output or standard error, for a person to read.

    Parameters
    ----------
    stderr : bool

    Attributes
    ----------
    is_log : bool
        Whether each line is an object of JSON, for a program that keeps logs.
    """

    def __init__(self, *, stderr: bool) -> None:
        self._is_stderr = stderr
        self._made: Console | None = None
        self.is_log = False

    @property
    def is_terminal(self) -> bool:
        """Whether a person is there."""
        return self._console.is_terminal

    def line(self, text: str = "", *, style: str = "", level: Level = "info") -> None:
        """Write a sentence, which a terminal gets in lines that break between words."""
        self.parts((text, style), level=level)

    def command(self, text: str, *, level: Level = "info") -> None:
        """Write a line that is to be copied, and so stays one however long it is."""
        self._write(((text, ""),), level, {}, is_whole=True)

    def parts(self, *parts: tuple[str, str], level: Level = "info", **facts: Any) -> None:
        """Write a sentence of texts, each in its style.

        Parameters
        ----------
        *parts : tuple of str and str
            Texts with their styles.
        level : {'info', 'warning', 'error'}
            How much it matters, for logs.
        **facts
            What logs have besides.
        """
        self._write(parts, level, facts)

    def _write(
        self,
        parts: tuple[tuple[str, str], ...],
        level: Level,
        facts: dict[str, Any],
        *,
        is_whole: bool = False,
    ) -> None:
        try:
            if self.is_log:
                self._log(level, "".join(text for text, _ in parts).strip(), facts)
                return
            from rich.text import Text

            text = Text.assemble(*((visible(text), style) for text, style in parts))
            if is_whole or not self.is_terminal:
                self._console.print(text, soft_wrap=True)
            else:
                for line in self._wrapped(text):
                    self._console.print(line, soft_wrap=True)
        except OSError:
            if not self._is_stderr:
                raise
            _lead_nowhere(sys.stderr)  # a message that has no room stops no work

    def _wrapped(self, text: Text) -> Iterator[Text]:
        """Yield the lines of a sentence, indented like its first; a long word stays whole."""
        from rich.text import Text

        indent = len(text.plain) - len(text.plain.lstrip())
        lines = textwrap.wrap(
            text.plain[indent:],
            max(self._console.width - indent, _NARROW),
            break_long_words=False,
            break_on_hyphens=False,
        )
        end = indent
        for line in lines or [""]:
            start = text.plain.index(line, end)
            end = start + len(line)
            yield Text(" " * indent).append_text(text[start:end])

    def _log(self, level: Level, message: str, facts: dict[str, Any]) -> None:
        if message:
            now = datetime.now(UTC).isoformat(timespec="milliseconds")
            line = {"time": now, "level": level, "message": message, **facts}
            self.exact().write(f"{escaped(json.dumps(line, ensure_ascii=False))}\n")

    def table(
        self,
        titles: Sequence[tuple[str, Literal["left", "right"]]],
        rows: Sequence[Sequence[str]],
    ) -> None:
        """Write a table; a long text goes on in the next line, and no number is ever cut.

        Where a terminal has no room for all columns, the last ones are left out, and named below.
        Only a title may have a line break.
        """
        from rich import box
        from rich.table import Table
        from rich.text import Text

        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, collapse_padding=True)
        needed = [
            _least_width(title, side, [row[place] for row in rows])
            for place, (title, side) in enumerate(titles)
        ]
        count = self._columns_with_room(needed)
        for (title, side), width in zip(titles[:count], needed, strict=False):
            shown = Text("\n".join(map(visible, title.split("\n"))))
            table.add_column(
                shown, justify=side, no_wrap=side == "right", overflow="fold", min_width=width
            )
        for row in rows:
            table.add_row(*(Text(visible(cell)) for cell in row[:count]))
        self._console.print(table)
        if left_out := [" ".join(title.split()) or "a mark" for title, _ in titles[count:]]:
            self.line(
                f"Left out for want of room: {', '.join(left_out)}. A wider terminal has them, or "
                "--format csv.",
                style="dim",
            )

    def _columns_with_room(self, needed: Sequence[int]) -> int:
        """Return how many columns, from the first, fit; one at least."""
        if not self.is_terminal:
            return len(needed)
        ends = accumulate(width + _GAP for width in needed)
        return max(1, sum(end - _GAP <= self._console.width for end in ends))

    @contextmanager
    def waiting(self, title: str) -> Iterator[None]:
        """Show a person that something goes on, and for how long."""
        if self.is_log or not self.is_terminal:
            yield
            return
        from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        described = TextColumn("{task.description}", markup=False)
        columns = (SpinnerColumn(), described, TimeElapsedColumn())
        with Progress(*columns, console=self._console, transient=True) as bars:
            bars.add_task(visible(title), total=None)
            yield

    def exact(self) -> Stream:
        """Return the stream for data that a program reads, in UTF-8; a terminal shows it."""
        stream = sys.stderr if self._is_stderr else sys.stdout
        if stream.isatty():
            return _Shown(stream)
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="surrogateescape")
        return stream

    @property
    def _console(self) -> Console:
        if self._made is None:
            from rich.console import Console

            class Patient(Console):
                def on_broken_pipe(self) -> None:
                    """Go on: whoever read this has seen enough, which does not stop the work."""
                    _lead_nowhere(self.file)

            to_a_file = not self._is_stderr and not sys.stdout.isatty()
            self._made = Patient(
                stderr=self._is_stderr,
                markup=False,
                emoji=False,
                highlight=False,
                width=_WIDE if to_a_file else None,
            )
        return self._made


results = Screen(stderr=False)
messages = Screen(stderr=True)


def _least_width(title: str, side: str, cells: Sequence[str]) -> int:
    """Return the characters that a column needs: numbers whole, texts by their longest word."""
    from rich.cells import cell_len

    words = [word for line in title.split("\n") for word in visible(line).split()]
    shown = [visible(cell) for cell in cells]
    if side == "left":
        words += [word[:_NARROW] for cell in shown for word in cell.split()]
        return max(map(cell_len, words), default=1)
    return max(map(cell_len, [*title.split("\n"), *shown]), default=1)


def prepare() -> None:
    """Make both streams take any text: a closed one leads nowhere, a narrow one shows escapes."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


@contextmanager
def written_out() -> Iterator[None]:
    """Bring the results of the block out.

    Whoever reads them, such as ``head``, may close them early: that is no error.

    Raises
    ------
    SegmenterError
        There is no room for them.
    """
    try:
        yield
        sys.stdout.flush()
    except OSError as error:
        if error.filename is not None or error.errno is None:  # of something else
            raise
        _lead_nowhere(sys.stdout)
        if not isinstance(error, BrokenPipeError):
            raise SegmenterError(
                f"the result cannot be written to standard output: {error.strerror}."
            ) from None
    except BaseException:
        try:
            sys.stdout.flush()
        except OSError:
            _lead_nowhere(sys.stdout)
        raise


def _lead_nowhere(stream: object) -> None:
    """Let a stream that cannot be written take everything, also when the program ends."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())  # type: ignore[attr-defined]
        os.close(nowhere)
