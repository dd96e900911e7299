"""Extensions of DuckDB that few need: found where they are, or fetched as DuckDB does."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from segmenter.errors import SegmenterError, first_line

if TYPE_CHECKING:
    import duckdb

__all__ = ["load_extension", "load_packaged"]


_NEEDED = {"iceberg": ("avro",)}
"""Extensions that load others, which DuckDB would look for where it has its own."""


def load_extension(con: duckdb.DuckDBPyConnection, name: str) -> None:
    """Load an extension: of a package of Python, installed in DuckDB, or fetched.

    Parameters
    ----------
    con : DuckDBPyConnection
    name : str
        For example quack, whose package is ``duckdb-extension-quack``.

    Raises
    ------
    SegmenterError
        It is nowhere; the message says how to install it.
    """
    import duckdb

    if load_packaged(con, name):
        return
    try:
        con.load_extension(name)
    except duckdb.Error:
        try:
            con.install_extension(name)
            con.load_extension(name)
        except duckdb.Error as error:
            raise SegmenterError(
                f"DuckDB {duckdb.__version__} has no extension {name} here, and cannot fetch it: "
                f"{first_line(error)} Install it where there is a network, with the statement "
                f"install {name}, or as a package, which brings the DuckDB that it fits: pip "
                f"install duckdb-extension-{name.replace('_', '-')}"
            ) from None


def load_packaged(con: duckdb.DuckDBPyConnection, name: str) -> bool:
    """Load an extension of a package of Python that fits this DuckDB; tell whether there is one."""
    import duckdb

    found = find_spec(f"duckdb_extension_{name}")
    if found is None or found.origin is None:
        return False
    folder = Path(found.origin).parent / "extensions" / f"v{duckdb.__version__}"
    file = folder / f"{name}.duckdb_extension"
    if not file.is_file():
        return False
    for other in _NEEDED.get(name, ()):
        load_packaged(con, other)
    con.load_extension(str(file))
    return True
