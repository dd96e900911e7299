"""How kernels are compiled: by numba, without fast-math, kept on disk."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numba as nb

__all__ = ["all_on_disk", "inner", "kernel"]

Function = TypeVar("Function", bound=Callable[..., Any])

_KERNELS: list[Any] = []


def kernel(function: Function) -> Function:
    """Compile what is called from Python: releases the GIL and is kept on disk."""
    compiled: Any = nb.njit(cache=True, nogil=True, error_model="numpy")(function)
    _KERNELS.append(compiled)
    return compiled  # type: ignore[no-any-return]


def inner(function: Function) -> Function:
    """Compile what only kernels call, as a part of them: half of the time it takes else."""
    options: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    compiled: Any = nb.njit(error_model="numpy", **options)(function)
    return compiled  # type: ignore[no-any-return]


def all_on_disk() -> bool:
    """Tell whether every kernel that is imported was compiled by an earlier run."""
    return all(map(_is_on_disk, _KERNELS))


def _is_on_disk(compiled: Any) -> bool:
    """Whether an index of compiled code is there and not older than the source."""
    source = Path(inspect.getfile(compiled.py_func))
    name = f"{source.stem}.{compiled.py_func.__name__}-*.nbi"
    indexes = Path(compiled.stats.cache_path).glob(name)
    return any(index.stat().st_mtime >= source.stat().st_mtime for index in indexes)
