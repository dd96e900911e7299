"""What somebody gets wrong is a sentence and exit code 2, and leaves every file as it was."""

from __future__ import annotations

import faulthandler
import hashlib
import os
import re
import signal
import sys
from pathlib import Path

import pytest

from segmenter.formatting import visible
from tests.bad_calls import COUNT, Call, calls
from tests.bad_files import make_files

pytestmark = pytest.mark.slow

FEW = 60
"""How many are tried with every change; the others behind the marker ``extended``."""

LIMIT = 120
"""Seconds after which a call hangs; on an idle machine none takes two."""


class HangError(BaseException):
    """Nothing may catch it."""


FAULTS = {
    "two full stops": re.compile(r"(?<!\.)\.\.(?!\.)|\. \."),
    "a full stop after another end": re.compile(r"[!?:;,] ?\.(?=$| [A-Z])"),
    "one of several": re.compile(r"(?<![\d.,])1 (?!is\b|was\b|has\b|this\b|as\b)\w+s\b"),
    "two spaces": re.compile(r"\S  \S"),
    "an object of Python": re.compile(r"<\w+(\.\w+)* object at|\bNone\b"),
}
"""What a sentence must not have."""


class Folder:
    """A folder of files, and what has happened to it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.whole = {file: file.read_bytes() for file in self._files()}
        self.seen = {file: self._stat(file) for file in self.whole}

    def changes(self) -> list[str]:
        """Return what was changed, made or removed."""
        found = []
        files = set(self._files())
        for file in files | set(self.whole):
            name = visible(str(file.relative_to(self.path)))
            if file not in self.whole:
                found.append(f"{name} was made")
            elif file not in files:
                found.append(f"{name} was removed")
            elif self._stat(file) != self.seen[file]:
                if self._digest(file.read_bytes()) != self._digest(self.whole[file]):
                    found.append(f"{name} was changed")
                self.seen[file] = self._stat(file)
        return sorted(found)

    def restore(self) -> None:
        """Put everything back."""
        for file in self._files():
            if file not in self.whole:
                file.unlink()
        for file, content in self.whole.items():
            if not file.exists() or file.read_bytes() != content:
                file.write_bytes(content)
            self.seen[file] = self._stat(file)
        for folder in sorted(self.path.rglob("*"), reverse=True):
            if folder.is_dir() and folder.name not in ("folder", "folder.parquet", "folder.csv"):
                folder.rmdir()

    def _files(self) -> list[Path]:
        return [file for file in self.path.rglob("*") if file.is_file()]

    @staticmethod
    def _stat(file: Path) -> tuple[int, int, int]:
        stat = file.stat()
        return stat.st_mtime_ns, stat.st_size, stat.st_ino

    @staticmethod
    def _digest(content: bytes) -> str:
        return hashlib.sha256(content).hexdigest()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("bad")
    make_files(path)
    return Folder(path)


def judged(call: Call, result, folder: Folder) -> list[str]:
    """Return what is wrong with the answer to a call."""
    faults = []
    if result.code not in call.codes:
        faults.append(f"exit code {result.code}")
    if result.code != 0 and result.code != 3:
        faults += folder.changes()
        faults += said_badly(result.err, call.words)
    for name, text in (("stdout", result.out), ("stderr", result.err)):
        # a script is exact, whoever runs it
        if call.words[0] != "export" and visible(text.replace("\n", "")) != text.replace("\n", ""):
            faults.append(f"a control character on {name}")
    return faults


def said_badly(err: str, words: tuple[str, ...]) -> list[str]:
    """Return what is wrong with what was said: steps, then one sentence, perhaps with a hint."""
    lines = err.splitlines()
    places = [place for place, line in enumerate(lines) if line.startswith("segmenter: ")]
    if len(places) != 1:
        return [f"{len(places)} messages"]
    faults = []
    if not all(line.startswith("  ") for line in lines[: places[0]]):
        faults.append("something besides steps and the message")
    if len(lines) > places[0] + 2:
        faults.append("more than two lines")
    message = re.sub(r"'[^']*'|\"[^\"]*\"", "''", without(words, lines[places[0]]))
    blank = any(not word.strip() for word in words)  # which nobody can tell from a space too many
    faults += [
        name
        for name, pattern in FAULTS.items()
        if pattern.search(message) and not (blank and name == "two spaces")
    ]
    return faults


def without(words: tuple[str, ...], message: str) -> str:
    """Return a message without what it repeats of the call."""
    for word in sorted(words, key=len, reverse=True):
        for said in (repr(word), repr(word)[1:-1], visible(word)):
            if len(said) > 1:
                message = message.replace(said, "WORD")
    return message


def tried(chosen, run, folder: Folder, monkeypatch) -> list[str]:
    """Run calls and return those that went wrong, with what was wrong."""
    monkeypatch.chdir(folder.path)
    monkeypatch.setenv("HOME", str(folder.path))
    wrong = []
    for call in chosen:
        faulthandler.dump_traceback_later(4 * LIMIT, exit=True, file=sys.__stderr__)
        signal.alarm(LIMIT)
        try:
            result = run(*call.words)
        except BaseException as error:
            wrong.append(f"{shown(call)}: {type(error).__name__}: {visible(str(error))[:300]}")
            folder.restore()
            continue
        finally:
            signal.alarm(0)
            faulthandler.cancel_dump_traceback_later()
        faults = judged(call, result, folder)
        if faults:
            wrong.append(f"{shown(call)}: {'; '.join(faults)}: {visible(result.err)[-300:]}")
        if folder.changes():
            folder.restore()
    return wrong


def shown(call: Call) -> str:
    return f"[{call.kind}] {' '.join(visible(word)[:60] or repr(word) for word in call.words)}"


@pytest.fixture
def watched():
    """A call that hangs ends with an error."""

    def stop(number, frame):
        raise HangError(f"no answer in {LIMIT} s")

    before = signal.signal(signal.SIGALRM, stop)
    yield
    signal.signal(signal.SIGALRM, before)


def test_bad_calls_are_sentences(run, folder, monkeypatch, watched):
    found = tried(calls()[:FEW], run, folder, monkeypatch)
    assert not found, "\n".join(found)


@pytest.mark.extended
def test_all_bad_calls_are_sentences(run, folder, monkeypatch, watched):
    everything = calls()
    assert len(everything) == COUNT
    wrong = tried(everything, run, folder, monkeypatch)
    if "SEGMENTER_BAD_CALLS" in os.environ:
        Path(os.environ["SEGMENTER_BAD_CALLS"]).write_text("\n".join(wrong))
    assert wrong == []
