"""Files that are read: Parquet, CSV and JSON by their names, one, a glob, a folder, or a URL."""

from __future__ import annotations

import glob
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlglot import exp

from segmenter.errors import InputError, did_you_mean
from segmenter.formatting import counted, shortened
from segmenter.progress import Note
from segmenter.sources.csv_options import csv_literals, value_literal
from segmenter.sources.csv_quotes import Quotes, late_quotes
from segmenter.sources.file_formats import folder_options, reader, text_literal
from segmenter.sources.file_names import (
    DELIMITERS,
    JSON,
    PARQUET,
    URL,
    absolute_name,
    is_query,
    is_workbook,
    kind_of,
    known_suffixes,
)
from segmenter.sources.folders import (
    glob_of_folder,
    lake_format,
    refuse_unknown_version,
    ways_to_several,
)
from segmenter.sources.packing import unsaid_packing
from segmenter.sources.special_files import refuse_special
from segmenter.sources.text_encoding import LATIN_1, encoding_of

__all__ = ["InputFile", "no_such_file", "refuse_mixed_glob"]

_TYPES = ("types", "dtypes", "column_types")
"""What the reader calls the types that a user gives to columns."""

_OF_LINES = (
    "delim", "sep", "escape", "comment", "header", "skip", "new_line", "strict_mode",
    "null_padding", "ignore_errors", "max_line_size",
)  # fmt: skip
"""Options of the reader that say how lines are divided, which finding the quotes rests on."""


def no_such_file(name: str, path: str) -> InputError:
    """Return the error of a file that is not there, with the nearest name in its folder."""
    wanted = Path(path)
    nearby = [file.name for file in wanted.parent.glob("*") if file.is_file()]
    hint = did_you_mean(wanted.name, nearby)
    return InputError(f"no file matches {shortened(name)}: look at the name and the folder.{hint}")


@dataclass(frozen=True)
class InputFile:
    """A Parquet, CSV or JSON file, a glob or folder of them, or a URL.

    Parameters
    ----------
    name : str
        As the user gave it, for messages.
    csv : mapping of str to value
        Options of DuckDB's CSV reader. With any, a file is CSV whatever its name ends with.

    Raises
    ------
    InputError
        No file has this name, its name says no format, or a folder has files of several.
    """

    name: str
    csv: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for found in self._found():
            refuse_special(found, "Save what comes out of it as a Parquet or CSV file first.")
        if self.csv and not self.is_csv:
            what = self.lake or ("Parquet" if self.is_parquet else "JSON")
            raise InputError(
                f"csv says how a CSV file is read, and {self.name} is {what}. Leave it out."
            )
        if is_workbook(self.name) or is_query(self.name):
            raise InputError(
                f"{self.name} cannot be read here: workbooks and queries are for transactions, "
                "profile and points. Save it as a CSV or Parquet file."
            )
        if self._suffix not in (*PARQUET, *JSON, *DELIMITERS) and not (self.csv or self.lake):
            lake = (
                " A table of Delta or Iceberg there is read by a query in a file, such as "
                f"select * from delta_scan('{self.name}')."
            )
            raise InputError(
                f"{self.name} is neither Parquet nor CSV nor JSON by its name ({known_suffixes()})."
                f"{lake if URL.match(self.name) else ''}"
            )
        if not self.files:
            raise no_such_file(self.name, self.path)
        if self.lake:
            refuse_unknown_version(self.path)

    @property
    def _suffix(self) -> str:
        return kind_of(self.path)[0]

    @property
    def is_parquet(self) -> bool:
        """Whether it is Parquet."""
        return self._suffix in PARQUET

    @property
    def is_csv(self) -> bool:
        """Whether it is text in columns, whose types are guessed."""
        return not (self.is_parquet or self._suffix in JSON or self.lake)

    @cached_property
    def lake(self) -> str | None:
        """The format of a folder that is a table of a lake: 'delta' or 'iceberg'."""
        return None if URL.match(self.name) else lake_format(absolute_name(self.name))

    @cached_property
    def path(self) -> str:
        """The absolute path, glob or URL; of a folder, the glob of the files in it."""
        path = absolute_name(self.name)
        return glob_of_folder(path) if os.path.isdir(path) and not self.lake else path

    @property
    def files(self) -> list[str]:
        """The files in the order in which they are read; a URL stands for itself."""
        if URL.match(self.name) or self.lake:
            return [self.path]
        return sorted(filter(os.path.isfile, self._found()))

    def _found(self) -> list[str]:
        """Return whatever has this name or fits this glob."""
        if URL.match(self.name) or self.lake:
            return []
        return [self.path] if os.path.exists(self.path) else glob.glob(self.path, recursive=True)

    @property
    def is_pattern(self) -> bool:
        """Whether more than one file can match, now or later."""
        is_one = not URL.match(self.name) and os.path.exists(self.path)
        return not is_one and glob.has_magic(self.path)

    @cached_property
    def encoding(self) -> str | None:
        """How a CSV file is encoded, where DuckDB must be told.

        Raises
        ------
        InputError
            DuckDB cannot read it.
        """
        if not self.is_csv or "encoding" in self.literals:
            return None
        return encoding_of(self.files)

    @cached_property
    def _packing(self) -> str | None:
        """How text is packed, where its name says otherwise."""
        is_text = not (self.is_parquet or self.lake)
        is_told = not is_text or (self.is_csv and "compression" in self.literals)
        return None if is_told else unsaid_packing(self.files)

    @cached_property
    def _quotes(self) -> Quotes:
        """What later lines say of quotes that the first ones do not have."""
        if not self.is_csv or {"quote", "auto_detect"} & set(self.literals):
            return Quotes()
        options = {name: self.literals[name] for name in _OF_LINES if name in self.literals}
        options |= self._bytes_options
        local = [] if URL.match(self.name) else self.files
        return late_quotes({file: reader(file, options, self._suffix) for file in local})

    @property
    def has_late_quotes(self) -> bool:
        """Whether values of a CSV are in double quotes, though those of its first lines are not."""
        return self._quotes.are_double

    @property
    def _bytes_options(self) -> dict[str, exp.Expr]:
        """How text is packed and encoded, where the reader must be told."""
        known = {"compression": self._packing, "encoding": self.encoding}
        return {name: text_literal(text) for name, text in known.items() if text is not None}

    @cached_property
    def literals(self) -> dict[str, exp.Expr]:
        """The options of the CSV reader that the user gave, as SQL.

        Raises
        ------
        InputError
            The reader does not know one of them, or takes no such value.
        """
        return csv_literals(self.csv)

    def guesses(self, column: str) -> bool:
        """Whether the type of a column is guessed from the first rows."""
        if not self.is_csv or "columns" in self.csv:
            return False
        typed: Any = next((self.csv[name] for name in _TYPES if name in self.csv), {})
        return isinstance(typed, Mapping) and column.casefold() not in map(str.casefold, typed)

    def typed(self, types: Mapping[str, str]) -> str:
        """Return the parameter with types of columns besides what is given, for messages."""
        given: Any = next((self.csv[name] for name in _TYPES if name in self.csv), {})
        others = {name: value for name, value in self.csv.items() if name not in _TYPES}
        return f"csv = { ({**others, 'types': {**given, **types}})!r}"

    @property
    def loses_lines(self) -> bool:
        """Whether lines that cannot be read are left out."""
        return self.literals.get("ignore_errors") == exp.true()

    @property
    def is_lax(self) -> bool:
        """Whether quotes are not read strictly, so that one may swallow all that follows."""
        return self.literals.get("strict_mode") == exp.false()

    @property
    def notes(self) -> list[Note]:
        """What the user should know about how it is read."""
        found = []
        if self.encoding is not None:
            known_as = "Latin-1" if self.encoding == LATIN_1 else "UTF-16"
            said = f"{self.name} is not encoded in UTF-8 and is read as {known_as}."
            found.append(Note("encoding", said))
        if self._quotes.mixed is not None:
            quoting = {**self.csv, "quote": '"'}
            said = (
                f"the first lines of {self._quotes.mixed} have no quotes, later ones have values "
                'in quotes and others that only begin with one: all are read as they stand, "K5" '
                f"with its quotes. If quotes are around values, give csv = {quoting!r}."
            )
            found.append(Note("late_quotes", said))
        return found

    def table(
        self,
        *,
        as_text: bool = False,
        file: str | None = None,
        doubles: Sequence[str] = (),
        texts: Sequence[str] = (),
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
        texts : sequence of str
            Columns of a CSV that are read as they stand.
        is_sampled : bool
            Whether the types of a CSV are guessed from its first rows instead of from all.
        """
        if self.lake:
            scan = exp.Anonymous(this=f"{self.lake}_scan", expressions=[text_literal(self.path)])
            return exp.Table(this=scan)
        options = folder_options(self.path, has_several=self.is_pattern and file is None)
        options |= self._bytes_options
        if self.is_csv:
            if not (is_sampled or as_text):
                options["sample_size"] = exp.Literal.number(-1)
            if self.has_late_quotes:
                options["quote"] = options["escape"] = text_literal('"')
            options |= self._given(as_text=as_text, doubles=doubles, texts=texts)
        return reader(file or self.path, options, self._suffix)

    def _given(
        self, *, as_text: bool, doubles: Sequence[str], texts: Sequence[str]
    ) -> dict[str, exp.Expr]:
        """Return the user's options of the CSV reader, with the types of columns in them."""
        options = dict(self.literals)
        has_columns = isinstance(self.csv.get("columns"), Mapping)
        typed: Any = next((self.csv[name] for name in _TYPES if name in self.csv), {})
        if as_text:
            for name in _TYPES:
                options.pop(name, None)
            if has_columns:
                options["columns"] = value_literal(dict.fromkeys(self.csv["columns"], "VARCHAR"))
            else:
                options["all_varchar"] = exp.true()
        elif isinstance(typed, Mapping) and not has_columns:
            types = dict.fromkeys(doubles, "DOUBLE") | dict(typed) | dict.fromkeys(texts, "VARCHAR")
            for name in _TYPES:
                options.pop(name, None)
            if types:
                options["types"] = value_literal(types)
        return options


def refuse_mixed_glob(name: str) -> None:
    """Refuse a glob whose name says nothing of a format, where files fit it.

    Raises
    ------
    InputError
        With a glob for each format among them.
    """
    found = glob.glob(os.path.expanduser(name)) if glob.has_magic(name) else []
    data = (file for file in found if kind_of(file)[0] in (*PARQUET, *JSON, *DELIMITERS))
    endings = sorted({"".join(kind_of(file)) for file in data})
    if endings:
        folder = os.path.dirname(name)
        globs = [os.path.join(folder, f"*{ending}") for ending in endings]
        raise InputError(
            f"{name} fits {counted(len(found), 'file')}, and does not say which kind of them to "
            f"read. {ways_to_several(globs)}"
        )
