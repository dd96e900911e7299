"""Segmenter: named customer segments from a table of sales, inside the database.

    import segmenter

    db = segmenter.open("shop.duckdb")
    db.fit(segmenter.Source.from_transactions("sales", customer="customer_id", amount="amount"))
    db.segments()

Names are imported when they are first used, so that the command line starts at once.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path as _Path
from typing import TYPE_CHECKING, Any

from segmenter.version import __version__

if TYPE_CHECKING:
    from segmenter.api.database import Database
    from segmenter.api.database import open_database as open
    from segmenter.api.recursive_ward import RecursiveWard
    from segmenter.errors import BusyError, InputError, NoModelError, SegmenterError
    from segmenter.model import Model
    from segmenter.operations.export import export
    from segmenter.operations.fit import fit
    from segmenter.operations.inspect import inspect
    from segmenter.settings import Settings
    from segmenter.sources.source import Source
    from segmenter.stopping import Interrupted
    from segmenter.storage.store import load
    from segmenter.udf.registration import register

__all__ = [
    "BusyError",
    "Database",
    "InputError",
    "Interrupted",
    "Model",
    "NoModelError",
    "RecursiveWard",
    "SegmenterError",
    "Settings",
    "Source",
    "__version__",
    "export",
    "fit",
    "inspect",
    "load",
    "open",
    "register",
]

_HOME = {
    "BusyError": "errors",
    "Database": "api.database",
    "InputError": "errors",
    "Interrupted": "stopping",
    "Model": "model",
    "NoModelError": "errors",
    "RecursiveWard": "api.recursive_ward",
    "SegmenterError": "errors",
    "Settings": "settings",
    "Source": "sources.source",
    "export": "operations.export",
    "fit": "operations.fit",
    "inspect": "operations.inspect",
    "load": "storage.store",
    "open": "api.database",
    "register": "udf.registration",
}

_CALLED = {"open": "open_database"}
"""What is called otherwise where it is."""

# In a checkout sql/ and udf/ lie beside the package; installed they lie within it.
_checkout = _Path(__file__).resolve().parent.parent
if (_checkout / "pyproject.toml").is_file() and (_checkout / "udf").is_dir():
    __path__.append(str(_checkout))


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'segmenter' has no attribute {name!r}")
    value = getattr(import_module(f"segmenter.{_HOME[name]}"), _CALLED.get(name, name))
    globals()[name] = value
    return value
