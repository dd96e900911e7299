"""Files that are written: a draft until all went well, which leaves what was there as it was."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
from sqlglot import exp

from segmenter import stopping
from segmenter.errors import SegmenterError, reason
from segmenter.sources.drafts import DRAFT, move, private_folder
from segmenter.sources.file_formats import reader, text_literal
from segmenter.sources.file_names import COMPRESSIONS, DELIMITERS, PARQUET, kind_of, known_suffixes
from segmenter.sources.special_files import refuse_special

__all__ = ["OutputFile"]


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
        if not self.is_parquet and self._suffix not in DELIMITERS:
            raise SegmenterError(
                f"the output {self.path} is neither Parquet nor CSV by its name "
                f"({known_suffixes((*PARQUET, *DELIMITERS))}). Name it for example "
                f"{self.path.stem or 'out'}.parquet."
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
        return self._suffix in PARQUET

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
                "delim": text_literal("\t" if self._suffix == ".tsv" else ","),
                "quote": text_literal('"'),
                "escape": text_literal('"'),
                "compression": text_literal(self._compression or "none"),
            }
        return reader(str(draft), options, self._suffix)

    @property
    def _suffix(self) -> str:
        return kind_of(self.path.name)[0]

    @property
    def _compression(self) -> str | None:
        return COMPRESSIONS.get(kind_of(self.path.name)[1])

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
        delimiter = DELIMITERS[self._suffix]
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
            f"{self.path} exists already. Name another output, or replace it with overwrite = True."
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


def _reason(error: duckdb.Error) -> str:
    """Return what the operating system said, from an engine's message that may hold JSON."""
    text = str(error)
    for words in ("No space left on device", "File too large", "Permission denied"):
        if words in text:
            return words
    return reason(error)
