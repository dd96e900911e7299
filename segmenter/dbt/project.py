"""Writing the package: what a model gives is written anew, what is the user's is left alone."""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import duckdb

from segmenter.dbt import documents
from segmenter.dbt.macros import dbt_macros
from segmenter.dbt.models import dbt_models, source_table
from segmenter.errors import InputError, SegmenterError
from segmenter.formatting import counted, shortened
from segmenter.schema.connection import records
from segmenter.schema.files import read
from segmenter.schema.names import INTERNAL, SCHEMA
from segmenter.sources.drafts import write_files
from segmenter.sources.special_files import refuse_special
from segmenter.storage.store import load

__all__ = ["YOURS", "check_folder", "dbt_project", "profile_path", "write_project"]

YOURS = (
    ".gitignore",
    "dbt_project.yml",
    "models/exposures.yml",
    "models/sources.yml",
    "profiles.yml",
)
"""Files that are written once: what they say is for the user to change."""

_RULES = f"""
    select frequency_from, frequency_to, monetary_from, monetary_below, segment, segment_rank
    from {SCHEMA}.segment_rules
    order by frequency_from, monetary_from
"""

_BINS = f"""
    select
        bins.metric, bins.bin, bins.lower_edge, bins.upper_edge, bins.segment, bins.customers,
        bins.share_of_customers
    from {INTERNAL}.model_bins as bins
    inner join {INTERNAL}.models using (model_id)
    where models.is_current
    order by
        case metric when 'monetary' then 1 when 'frequency' then 2 when 'segment' then 3 else 4 end,
        bin
"""

_OPEN = {str(float("inf")), str(float("-inf")), str(2**63 - 1)}

_ABOUT = "macros/segments_model.sql"
"""What no other project has."""

_OURS = re.compile(r"""^name:\s*["']?segments["']?\s*$""", re.MULTILINE)


def dbt_project(
    con: duckdb.DuckDBPyConnection, *, table: str | None = None, database: str = "shop.duckdb"
) -> dict[str, str]:
    """Return the files of a dbt package for the current model.

    Parameters
    ----------
    con : DuckDBPyConnection
        Its database has the model.
    table : str, optional
        The table of sales as dbt finds it; as the fit was given it when absent.
    database : str, default 'shop.duckdb'
        The DuckDB file that the profile names.

    Returns
    -------
    dict of str to str
        Paths within the package, and what the files hold.

    Raises
    ------
    InputError
        The model has no customers, no table that dbt could read, or more rules than
        ``max_rules``, so that there is no function.
    """
    model = load(con)
    relation = source_table(model, table)
    model.require_macro("for a package")
    models = dbt_models(model, table)
    rules, bins = records(con, _RULES), records(con, _BINS)
    comments = {
        row["column_name"]: row["description"]
        for row in records(con, read("queries/column_comments"))
    }
    seeds = {"segment_rules": rules, "segment_bins": bins}
    is_remote = (model.source.get("engine") or "duckdb") == "postgres"
    columns = {name: tuple(rows[0]) for name, rows in seeds.items() if rows}
    template = files("segmenter.dbt") / "template"
    found = {
        "README.md": _text(template / "README.md"),
        ".gitignore": _text(template / "gitignore"),
        "dbt_project.yml": _text(template / "dbt_project.yml"),
        "profiles.yml": documents.profile(database, is_in_postgres=is_remote),
        "models/sources.yml": documents.sources(relation),
        "models/exposures.yml": _text(template / "exposures.yml"),
        "models/schema.yml": documents.properties_of_models(models, comments, has_bins=bool(bins)),
        "seeds/seeds.yml": documents.properties_of_seeds(columns, comments),
    }
    found |= {f"models/{one.name}.sql": one.text for one in models}
    found |= {f"seeds/{name}.csv": _csv(seeds[name]) for name in columns}
    found |= {f"macros/{name}.sql": text for name, text in dbt_macros(model).items()}
    for folder in ("macros", "tests/generic", "snapshots"):
        found |= {f"{folder}/{file.name}": _text(file) for file in _sql_files(template / folder)}
    return dict(sorted(found.items()))


def profile_path(database: Path | None, folder: str | os.PathLike[str]) -> str:
    """Return the path of a DuckDB file as dbt sees it that runs in the folder of the package."""
    if database is None:
        return "shop.duckdb"
    return os.path.relpath(database.absolute(), Path(folder).expanduser().absolute())


def check_folder(folder: str | os.PathLike[str], *, overwrite: bool) -> Path:
    """Find out whether a package can be written into a folder; return its path.

    Raises
    ------
    InputError
        It is a file, or has files that are not to be replaced.
    SegmenterError
        It cannot be written.
    """
    refuse_special(folder, "Name a folder for the package.")
    path = Path(folder).expanduser()
    name = shortened(str(folder))
    try:
        there = _files_in(path) if path.is_dir() else []
        is_file = path.exists() and not path.is_dir()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{name} cannot be a folder: {reason}. Name another one.") from None
    if is_file:
        raise InputError(f"{name} is a file. Name a new or an empty folder for the package.")
    above = path if path.is_dir() else path.absolute().parent
    if not above.is_dir():
        raise InputError(f"there is no folder {above} for {path.name}. Make it first.")
    if not os.access(above, os.W_OK):
        raise SegmenterError(
            f"the folder {above} cannot be written. Give yourself the permission, or name "
            "another folder."
        )
    if not there:
        return path
    if not _is_ours(path):
        raise InputError(
            f"the folder {name} is no package of ours and has {counted(len(there), 'file')} "
            f"({shortened(', '.join(there[:3]))}). Name a new or empty folder, such as "
            f"{str(path / 'segments')!r}."
        )
    if not overwrite:
        raise InputError(
            f"the folder {name} has a package already. Write it anew with overwrite = True: what "
            f"is yours stays as it is ({', '.join(YOURS)}), what the model gives is replaced, for "
            "you to look at with git diff."
        )
    return path


def write_project(
    contents: Mapping[str, str], folder: str | os.PathLike[str], *, overwrite: bool = False
) -> list[str]:
    """Write the files of a package into a folder; return which were written.

    Parameters
    ----------
    contents : mapping of str to str
        As `dbt_project` returns them.
    folder : str or path
        A new or an empty one, or that of an earlier package.
    overwrite : bool, default False
        Replace an earlier package, but for the files in `YOURS`.

    Raises
    ------
    InputError
        The folder is a file or somebody else's, or has a package already.
    SegmenterError
        It cannot be written; the message says what is there then.
    """
    path = check_folder(folder, overwrite=overwrite)
    chosen = {
        name: text
        for name, text in contents.items()
        if not (name in YOURS and (path / name).exists())
    }
    made = _make_folders(path, chosen)
    try:
        write_files(
            {path / name: text.encode() for name, text in chosen.items()},
            replaced={path / name for name in chosen} if overwrite else set(),
            words=f"the package is in {path}",
        )
    finally:
        for each in reversed(made):
            with suppress(OSError):  # not empty when all went well
                each.rmdir()
    return list(chosen)


def _make_folders(path: Path, names: Iterable[str]) -> list[Path]:
    """Make the folders of files; return the new ones, each after the one that it is in."""
    made = []
    wanted = {path} | {parent for name in names for parent in (path / name).parents}
    for folder in sorted(wanted):
        if folder.is_relative_to(path) and not folder.is_dir():
            try:
                folder.mkdir()
            except OSError as error:
                raise SegmenterError(
                    f"the folder {folder} cannot be made: {error.strerror}. Name another one."
                ) from None
            made.append(folder)
    return made


def _files_in(path: Path) -> list[str]:
    """Return the names of all that is no folder, nor a draft of a killed command."""
    found = []
    for folder, inner, names in os.walk(path):
        inner[:] = [name for name in inner if not name.startswith((".segmenter-", ".git"))]
        found += [os.path.relpath(os.path.join(folder, name), path) for name in names]
    return sorted(found)


def _is_ours(path: Path) -> bool:
    try:
        text = (path / "dbt_project.yml").read_text(encoding="utf-8")
    except (OSError, ValueError):
        return False
    return _OURS.search(text) is not None and (path / _ABOUT).is_file()


def _text(file: Traversable) -> str:
    return file.read_text(encoding="utf-8")


def _sql_files(folder: Traversable) -> list[Traversable]:
    return sorted(
        (file for file in folder.iterdir() if file.name.endswith(".sql")),
        key=lambda file: file.name,
    )


def _csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return rows as CSV; a bound that is open is empty."""
    made = io.StringIO()
    writer = csv.writer(made, lineterminator="\n")
    writer.writerow(rows[0])
    writer.writerows([_value(value) for value in row.values()] for row in rows)
    return made.getvalue()


def _value(value: Any) -> Any:
    return "" if value is None or str(value) in _OPEN else value
