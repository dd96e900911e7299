"""Data files: Parquet and CSV by their names, read as tables and written whole or not at all.

An output is a draft until all went well; whatever happens before leaves what was there as it was.
"""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import duckdb
from sqlglot import exp

from segmenter import stopping
from segmenter.errors import SegmenterError, did_you_mean, reason
from segmenter.formatting import shortened
from segmenter.sources.drafts import DRAFT, move, private_folder
from segmenter.sources.special_files import refuse_special
from segmenter.sources.text_encoding import LATIN_1, encoding_of

__all__ = ["InputFile", "OutputFile", "folder_options", "reader"]

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
        for found in self._found():
            refuse_special(found, "Save what comes out of it as a Parquet or CSV file first.")
        if not self.is_parquet and _kind(self.name)[0] not in _DELIMITERS:
            raise SegmenterError(
                f"{self.name} is neither Parquet nor CSV by its name ({_known_suffixes()})."
            )
        if not self.files:
            path = Path(self.path)
            if os.path.isdir(path):
                inside = os.path.join(self.name, "*.parquet" if self.is_parquet else "*.csv")
                raise SegmenterError(
                    f"{self.name} is a folder, not a file. Name the files in it, say {inside!r}."
                )
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
        if _URL.match(self.name):
            return [self.path]
        return sorted(filter(os.path.isfile, self._found()))

    def _found(self) -> list[str]:
        """Return whatever has this name or fits this glob."""
        if _URL.match(self.name):
            return []
        return [self.path] if os.path.exists(self.path) else glob.glob(self.path, recursive=True)

    @property
    def is_pattern(self) -> bool:
        """Whether more than one file can match, now or later."""
        is_one = not _URL.match(self.name) and os.path.isfile(self.path)
        return not is_one and glob.has_magic(self.path)

    @cached_property
    def encoding(self) -> str | None:
        """How a CSV file is encoded, where DuckDB must be told.

        Raises
        ------
        SegmenterError
            DuckDB cannot read it.
        """
        return None if self.is_parquet else encoding_of(self.files)

    @property
    def notes(self) -> list[str]:
        """What the user should know about how it is read."""
        if self.encoding is None:
            return []
        known_as = "Latin-1" if self.encoding == LATIN_1 else "UTF-16"
        return [f"{self.name} is not encoded in UTF-8 and is read as {known_as}."]

    def table(
        self,
        *,
        as_text: bool = False,
        file: str | None = None,
        doubles: Sequence[str] = (),
        is_sampled: bool = True,
    ) -> exp.Table:
        """Return the input, or one file of it, as a table.

        Columns of several files are matched by their names, with the widest of their types.

        Parameters
        ----------
        as_text : bool
            Whether a CSV is read without guessing types.
        file : str, optional
            One of the files.
        doubles : sequence of str
            Columns of a CSV that are read as DOUBLE, whatever their first rows look like.
        is_sampled : bool
            Whether the types of a CSV are guessed from its first rows instead of from all.
        """
        options = folder_options(self.path, has_several=self.is_pattern and file is None)
        if not self.is_parquet:
            if as_text:
                options["all_varchar"] = exp.true()
            elif doubles:
                types = [
                    exp.PropertyEQ(this=_word(name), expression=_word("DOUBLE")) for name in doubles
                ]
                options["types"] = exp.Struct(expressions=types)
            if not (is_sampled or as_text):
                options["sample_size"] = exp.Literal.number(-1)
            if self.encoding is not None:
                options["encoding"] = _word(self.encoding)
        return reader(file or self.path, options, is_parquet=self.is_parquet)


def folder_options(path: str, *, has_several: bool) -> dict[str, exp.Expr]:
    """Return how files of a folder are read: by their columns' names, store=007 as a text."""
    options: dict[str, exp.Expr] = {}
    if has_several:
        options["union_by_name"] = exp.true()
    if "=" in path or glob.has_magic(path):
        options["hive_types_autocast"] = exp.false()
    return options


def reader(path: str, options: Mapping[str, exp.Expr], *, is_parquet: bool) -> exp.Table:
    """Return a file, a glob of files or a URL as a table that DuckDB reads with options."""
    words: list[exp.Expr] = [_word(path)]
    words += [exp.EQ(this=exp.column(name), expression=options[name]) for name in options]
    function = "read_parquet" if is_parquet else "read_csv"
    return exp.Table(this=exp.Anonymous(this=function, expressions=words))


def _word(text: str) -> exp.Literal:
    return exp.Literal.string(text)


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
        refuse_special(self.path, "Name a Parquet or CSV file that is to be written.")
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
        """Give a file in a private folder beside the place, and move it there at the end.

        Raises
        ------
        SegmenterError
            The folder cannot be written, the disk is full, or the place was taken meanwhile.
        """
        with ExitStack() as stack:
            with self._failing():
                draft = stack.enter_context(private_folder(self._folder)) / DRAFT
            yield draft
            with stopping.held():
                stopping.check()
                with self._failing():
                    move(draft, self.path, overwrite=self.overwrite)
                stopping.note_stored(f"{self.path} is written")

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
        options: dict[str, exp.Expr] = {}
        if not self.is_parquet:
            options = {
                "header": exp.true(),
                "all_varchar": exp.true(),
                "delim": _word("\t" if self._suffix == ".tsv" else ","),
                "quote": _word('"'),
                "escape": _word('"'),
                "compression": _word(self._compression or "none"),
            }
        return reader(str(draft), options, is_parquet=self.is_parquet)

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
        if os.path.lexists(self.path) and not self.overwrite:
            raise self._exists()

    def _exists(self) -> SegmenterError:
        return SegmenterError(
            f"{self.path} exists already. Name another output, or replace it with --overwrite."
        )

    @contextmanager
    def _failing(self) -> Iterator[None]:
        try:
            yield
        except FileExistsError:
            raise self._exists() from None
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
    return reason(error)
