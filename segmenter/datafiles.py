"""Data files: Parquet and CSV by their names, read as tables and written whole or not at all.

An output is built under a temporary name in its own folder and moved into place when all went
well; whatever happens before leaves what was there as it was.
"""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
from sqlglot import exp

from segmenter.errors import SegmenterError, did_you_mean, first_line
from segmenter.text import shortened

__all__ = ["InputFile", "OutputFile"]

_URL = re.compile(r"^[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_PARQUET = (".parquet", ".pq")
_DELIMITERS = {".csv": ",", ".tsv": "\\t", ".txt": ","}
_COMPRESSIONS = {".gz": "gzip", ".zst": "zstd"}


@dataclass(frozen=True)
class InputFile:
    """A Parquet or CSV file, a glob of them, or a URL.

    Parameters
    ----------
    name : str
        As the user gave it, for messages.

    Raises
    ------
    SegmenterError
        No file has this name, or it is neither Parquet nor CSV by its name.
    """

    name: str

    def __post_init__(self) -> None:
        if not self.is_parquet and _kind(self.name)[0] not in _DELIMITERS:
            raise SegmenterError(
                f"{self.name} is neither Parquet nor CSV by its name ({_known_suffixes()})."
            )
        if not self.files:
            path = Path(self.path)
            nearby = [file.name for file in path.parent.glob("*") if file.is_file()]
            hint = did_you_mean(path.name, nearby)
            raise SegmenterError(
                f"no file matches {shortened(self.name)}: look at the name and the folder.{hint}"
            )

    @property
    def is_parquet(self) -> bool:
        """Whether it is Parquet; CSV otherwise."""
        return _kind(self.name)[0] in _PARQUET

    @property
    def path(self) -> str:
        """The absolute path, glob or URL."""
        if _URL.match(self.name):
            return self.name
        return os.path.abspath(os.path.expanduser(self.name))

    @property
    def files(self) -> list[str]:
        """The files in the order in which they are read; a URL stands for itself."""
        if _URL.match(self.name) or os.path.isfile(self.path):
            return [self.path]
        return sorted(filter(os.path.isfile, glob.glob(self.path, recursive=True)))

    def table(self, *, as_text: bool = False, file: str | None = None) -> exp.Table:
        """Return the input, or one file of it, as a table; CSV on demand as text as it stands."""
        words: list[exp.Expr] = [exp.Literal.string(file or self.path)]
        if as_text and not self.is_parquet:
            words.append(exp.EQ(this=exp.column("all_varchar"), expression=exp.true()))
        reader = "read_parquet" if self.is_parquet else "read_csv"
        return exp.Table(this=exp.Anonymous(this=reader, expressions=words))


@dataclass(frozen=True)
class OutputFile:
    """A Parquet or CSV file to write.

    Parameters
    ----------
    path : Path
    overwrite : bool
        Whether an existing file may be replaced.

    Raises
    ------
    SegmenterError
        An unknown suffix, a missing folder, a folder of that name, or a file that exists.
    """

    path: Path
    overwrite: bool = False

    def __post_init__(self) -> None:
        if not self.is_parquet and self._suffix not in _DELIMITERS:
            raise SegmenterError(
                f"the output {self.path} is neither Parquet nor CSV by its name "
                f"({_known_suffixes()}). Name it for example {self.path.stem or 'out'}.parquet."
            )
        if not self._folder.is_dir():
            raise SegmenterError(
                f"there is no folder {self._folder} for {self.path.name}. Make it first."
            )
        if self.path.is_dir():
            raise SegmenterError(f"the output {self.path} is a folder. Name a file in it.")
        self._refuse_existing()

    @property
    def is_parquet(self) -> bool:
        """Whether it becomes Parquet; CSV otherwise."""
        return self._suffix in _PARQUET

    def is_one_of(self, files: list[str]) -> bool:
        """Tell whether it is the same file as one of these."""
        return self.path.exists() and any(
            os.path.exists(file) and os.path.samefile(self.path, file) for file in files
        )

    @contextmanager
    def draft(self) -> Iterator[Path]:
        """Give a temporary file in the same folder, and move it into place at the end.

        Raises
        ------
        SegmenterError
            The folder cannot be written, or the disk is full.
        """
        draft = self._folder / f".{self.path.name}.{os.getpid()}.draft"
        try:
            with self._failing():
                draft.touch()
            yield draft
            self._refuse_existing()
            with self._failing():
                draft.replace(self.path)
        finally:
            draft.unlink(missing_ok=True)

    def write(self, con: duckdb.DuckDBPyConnection, draft: Path, query: exp.Expr) -> int:
        """Stream a query into the draft and return the number of rows.

        Raises
        ------
        SegmenterError
            The disk is full, or the file cannot be written.
        """
        target = exp.Literal.string(str(draft)).sql(dialect="duckdb")
        statement = (
            f"copy ({query.sql(dialect='duckdb')}) to {target} ({', '.join(self._options())})"
        )
        try:
            return int(con.execute(statement).fetchall()[0][0])
        except duckdb.IOException as error:
            raise self._failure(_reason(error)) from None

    def written(self, draft: Path) -> exp.Table:
        """Return the draft as a table."""
        words: list[exp.Expr] = [exp.Literal.string(str(draft))]
        if not self.is_parquet:
            options = {
                "header": exp.true(),
                "all_varchar": exp.true(),
                "delim": exp.Literal.string("\t" if self._suffix == ".tsv" else ","),
                "quote": exp.Literal.string('"'),
                "escape": exp.Literal.string('"'),
                "compression": exp.Literal.string(self._compression or "none"),
            }
            words += [exp.EQ(this=exp.column(name), expression=options[name]) for name in options]
        reader = "read_parquet" if self.is_parquet else "read_csv"
        return exp.Table(this=exp.Anonymous(this=reader, expressions=words))

    @property
    def _suffix(self) -> str:
        return _kind(self.path.name)[0]

    @property
    def _compression(self) -> str | None:
        return _COMPRESSIONS.get(_kind(self.path.name)[1])

    @property
    def _folder(self) -> Path:
        return self.path.expanduser().absolute().parent

    def _options(self) -> list[str]:
        if self.is_parquet:
            return [
                "format parquet",
                "compression zstd",
                "compression_level 1",
                "use_tmp_file false",
            ]
        delimiter = _DELIMITERS[self._suffix]
        return [
            "format csv",
            "header true",
            f"delimiter '{delimiter}'",
            f"compression {self._compression or 'none'}",
            "use_tmp_file false",
        ]

    def _refuse_existing(self) -> None:
        if self.path.exists() and not self.overwrite:
            raise SegmenterError(
                f"{self.path} exists already. Name another output, or replace it with --overwrite."
            )

    @contextmanager
    def _failing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise self._failure(error.strerror or str(error)) from None

    def _failure(self, reason: str) -> SegmenterError:
        return SegmenterError(
            f"{self.path} cannot be written: {reason.rstrip('.')}. Nothing was written; free some "
            "space there, or name an output in another folder."
        )


def _kind(name: str) -> tuple[str, str]:
    """Return the suffix that tells the format, and that of the compression."""
    if _URL.match(name):
        name = name.split("?")[0]
    stem, suffix = os.path.splitext(name.lower())
    if suffix in _COMPRESSIONS:
        inner = os.path.splitext(stem)[1]
        return (inner if inner in _DELIMITERS else "", suffix)
    return suffix, ""


def _known_suffixes() -> str:
    return f"{', '.join((*_PARQUET, *_DELIMITERS))}; text also with .gz or .zst"


def _reason(error: duckdb.Error) -> str:
    """Return what the operating system said, from an engine's message that may hold JSON."""
    text = str(error)
    for words in ("No space left on device", "File too large", "Permission denied"):
        if words in text:
            return words
    return first_line(error)
