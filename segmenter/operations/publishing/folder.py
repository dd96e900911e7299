"""Publishing into a folder: a Parquet file for each object, and a manifest that is written last.

Each file is put in its place by one rename, so a reader sees each of them whole. Between the first
and the last some are new and others old; each says in its metadata which publication it is of, and
the manifest which one is complete.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from datetime import datetime
from glob import escape
from pathlib import Path

import duckdb
from sqlglot import exp

from segmenter import stopping
from segmenter.errors import InputError, SegmenterError
from segmenter.formatting import verb
from segmenter.operations.publishing.publication import OBJECTS, Publication, relations
from segmenter.operations.publishing.target import Standing, check_parent, resolved
from segmenter.schema.names import LAYOUT_VERSION, SCHEMA
from segmenter.sources.drafts import move, private_folder
from segmenter.version import __version__
from segmenter.workplace.opening import MANNERS, Access
from segmenter.workplace.placing import cannot_write
from segmenter.workplace.turns import turn

__all__ = ["MANIFEST", "FolderTarget"]

MANIFEST = "publication.json"


class FolderTarget:
    """A folder of Parquet files.

    Parameters
    ----------
    text : str
        Its path, with a slash at the end.
    access : Access
    """

    def __init__(self, text: str, access: Access) -> None:
        self.name = text
        self.room = Path(text)
        self.access = access
        self.path = resolved(text, "Name a folder.")

    def standing(self, home: Path | None) -> Standing | None:
        """Return what was published here before; refuse a folder with other things in it."""
        del home
        check_parent(self.path)
        writable = self.path if self.path.is_dir() else self.path.parent
        if not os.access(writable, os.W_OK):
            raise SegmenterError(
                f"the folder {writable} cannot be written. Give yourself the permission, or name "
                "another folder."
            )
        if not self.path.exists():
            return None
        if not self.path.is_dir():
            raise InputError(f"{self.name} is a file, not a folder. Name a folder.")
        manifest = self.path / MANIFEST
        if manifest.is_file():
            return _standing(manifest, self.name)
        found = {entry.name for entry in self.path.iterdir()}
        theirs = {name for name in found if not name.startswith(".segmenter-")}
        if theirs - _published(self.path):  # a first publication that was killed has no manifest
            raise InputError(
                f"the folder {self.name} has files that segmenter publish did not make. Name an "
                "empty folder, or a new one."
            )
        return None

    def turn(self, wait: float | None) -> AbstractContextManager[None]:
        """Keep other publishers out meanwhile."""
        return turn(self.path.parent, wait, self.access.say)

    @contextmanager
    def drafts(self) -> Iterator[Path]:
        """Give a folder for drafts in the folder itself, which is made for it."""
        is_new = not self.path.exists()
        try:
            self.path.mkdir(exist_ok=True)
            with private_folder(self.path) as folder:
                yield folder
        except OSError as error:
            raise cannot_write(self.path, error.strerror) from None
        finally:
            if is_new:
                with suppress(OSError):  # it is not empty when all went well
                    self.path.rmdir()

    def put(self, draft: Path, publication: Publication) -> str:
        """Write each object beside its place, then move all, the manifest last."""
        drafts = _written(draft, publication, self.path)
        others = _files(self.path / MANIFEST) | _published(self.path, but=drafts)
        manifest = draft.parent / "manifest"
        manifest.write_text(
            json.dumps(
                {
                    "model_id": publication.model_id,
                    "fitted_at": publication.fitted_at.isoformat(),
                    "published_at": publication.published_at.isoformat(),
                    "customers": publication.customers,
                    "segmenter_version": __version__,
                    "layout_version": LAYOUT_VERSION,
                    "files": {name: publication.rows[Path(name).stem] for name in drafts},
                },
                indent=2,
            )
            + "\n",
            encoding="utf-8",
        )
        with stopping.held():
            stopping.check()
            self._move({**drafts, MANIFEST: manifest})
            stopping.note_stored(f"{self.name} has model {publication.model_id}")
            for name in others - drafts.keys():
                with suppress(OSError):  # nobody reads it who reads the manifest
                    (self.path / name).unlink()
        return f"{len(drafts)} Parquet files"

    def _move(self, drafts: Mapping[str, Path]) -> None:
        done: list[str] = []
        for name, draft in drafts.items():
            try:
                move(draft, self.path / name, overwrite=True)
            except OSError as error:
                left = "Nothing was written; what was published before stands."
                if done:
                    left = (
                        f"{len(done)} of {len(drafts)} files {verb(len(done), 'is', 'are')} new "
                        f"({', '.join(done)}), the others are as they were. Publish again."
                    )
                raise SegmenterError(
                    f"{self.path / name} cannot be written: {error.strerror}. {left}"
                ) from None
            done.append(name)


def _written(draft: Path, publication: Publication, path: Path) -> dict[str, Path]:
    """Write the objects as Parquet files beside the draft; return them by their names."""
    made: dict[str, Path] = {}
    about = (
        exp.Literal.string(str(publication.model_id)).sql(),
        exp.Literal.string(publication.published_at.isoformat()).sql(),
    )
    with closing(duckdb.connect(str(draft), read_only=True)) as con:
        con.execute(MANNERS)
        for name, _ in relations(con):
            file = draft.parent / f"{name}.draft"
            literal = exp.Literal.string(str(file)).sql(dialect="duckdb")
            try:
                con.execute(
                    f"copy (from {SCHEMA}.{name}) to {literal} (format parquet, compression zstd, "
                    "use_tmp_file false, "
                    f"kv_metadata {{model_id: {about[0]}, published_at: {about[1]}}})"
                )
            except duckdb.IOException as error:
                words = str(error).replace(str(draft.parent), "its draft").splitlines()[0]
                raise cannot_write(path, words) from None
            made[f"{name}.parquet"] = file
    return made


def _files(manifest: Path) -> set[str]:
    """Return the files of a manifest that is there."""
    try:
        names = json.loads(manifest.read_text(encoding="utf-8"))["files"]
        return {name for name in names if Path(name).name == name}
    except (OSError, ValueError, KeyError, TypeError):
        return set()


def _published(folder: Path, but: Collection[str] = ()) -> set[str]:
    """Return the files of a folder that publications have put there, as they say themselves."""
    names = {f"{name}.parquet" for name in OBJECTS}.difference(but)
    there = [name for name in names if (folder / name).is_file()]
    with closing(duckdb.connect()) as con:
        return {name for name in there if _is_ours(con, folder / name)}


def _is_ours(con: duckdb.DuckDBPyConnection, file: Path) -> bool:
    query = (
        "select count(*) from parquet_kv_metadata($1) "
        "where decode(key) in ('model_id', 'published_at')"
    )
    try:
        return con.execute(query, [escape(str(file))]).fetchall() == [(2,)]
    except duckdb.Error:
        return False  # it is no Parquet file


def _standing(manifest: Path, name: str) -> Standing:
    try:
        found = json.loads(manifest.read_text(encoding="utf-8"))
        return Standing(
            int(found["model_id"]),
            datetime.fromisoformat(found["fitted_at"]),
            int(found["layout_version"]),
            str(found["segmenter_version"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        raise SegmenterError(
            f"{MANIFEST} in the folder {name} is not one that segmenter publish made. Name another "
            "folder, or move that file away."
        ) from None
