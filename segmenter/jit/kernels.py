"""How kernels are compiled: by numba, with IEEE arithmetic, kept on disk."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import numba as nb

from segmenter.jit.cache_folder import kernel_folder, mark_complete

__all__ = [
    "FOLDER",
    "all_on_disk",
    "bare_inner",
    "bare_kernel",
    "inner",
    "kernel",
    "note_on_disk",
]

Function = TypeVar("Function", bound=Callable[..., Any])

_PARTS: dict[str, Any] = {
    "error_model": "numpy",
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
}

_KERNELS: list[Any] = []

_NUMBA: Any = nb.config

FOLDER = kernel_folder(__name__, _NUMBA.CACHE_DIR)
"""Where compiled kernels are kept for the next run; None where nothing can be written."""


_BARE: dict[str, Any] = {"_nrt": False}
"""For kernels that make no arrays and get all of them from outside: they need not count references
to them, which in inner loops takes longer than what is done with the arrays."""


def kernel(function: Function) -> Function:
    """Compile what is called from Python: once, kept on disk, runs without the GIL."""
    return _kernel(function, {})


def bare_kernel(function: Function) -> Function:
    """Compile as `kernel`, where no array is made."""
    return _kernel(function, _BARE)


def _kernel(function: Function, options: dict[str, Any]) -> Function:
    with _kept_in_folder():
        compiled: Any = nb.njit(
            cache=FOLDER is not None, nogil=True, error_model="numpy", **options
        )(function)
    _KERNELS.append(compiled)
    return compiled  # type: ignore[no-any-return]


@contextmanager
def _kept_in_folder() -> Iterator[None]:
    """Let numba choose our folder, and only for us: it asks when a function is decorated."""
    before = _NUMBA.CACHE_DIR
    _NUMBA.CACHE_DIR = "" if FOLDER is None else str(FOLDER)
    try:
        yield
    finally:
        _NUMBA.CACHE_DIR = before


def inner(function: Function) -> Function:
    """Compile what only kernels call, as a part of them: half of the time it takes else."""
    compiled: Any = nb.njit(**_PARTS)(function)
    return compiled  # type: ignore[no-any-return]


def bare_inner(function: Function) -> Function:
    """Compile as `inner`, where no array is made: for inner loops, which count no references."""
    compiled: Any = nb.njit(forceinline=True, **_BARE, **_PARTS)(function)
    return compiled  # type: ignore[no-any-return]


def all_on_disk() -> bool:
    """Tell whether every kernel that is imported was compiled by an earlier run, or never is."""
    return bool(_NUMBA.DISABLE_JIT) or all(map(_is_on_disk, _KERNELS))


def note_on_disk() -> None:
    """Let later runs know, without loading them, that every kernel is on disk, if that is so."""
    if FOLDER is not None and not _NUMBA.DISABLE_JIT and all_on_disk():
        mark_complete(FOLDER)


def _is_on_disk(compiled: Any) -> bool:
    source = Path(inspect.getfile(compiled.py_func))
    name = f"{source.stem}.{compiled.py_func.__name__}-*.nbi"
    return FOLDER is not None and any(FOLDER.rglob(name))
