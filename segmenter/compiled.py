"""How kernels are compiled: by numba, with IEEE arithmetic, kept on disk."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import numba as nb

__all__ = ["all_on_disk", "bare_inner", "bare_kernel", "inlined", "inner", "kernel"]

Function = TypeVar("Function", bound=Callable[..., Any])

_PARTS: dict[str, Any] = {
    "error_model": "numpy",
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
}

_KERNELS: list[Any] = []


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
    compiled: Any = nb.njit(cache=True, nogil=True, error_model="numpy", **options)(function)
    _KERNELS.append(compiled)
    return compiled  # type: ignore[no-any-return]


def inner(function: Function) -> Function:
    """Compile what only kernels call, as a part of them: half of the time it takes else."""
    compiled: Any = nb.njit(**_PARTS)(function)
    return compiled  # type: ignore[no-any-return]


def inlined(function: Function) -> Function:
    """Compile as `inner`, for inner loops, where a call counts references to its arrays."""
    compiled: Any = nb.njit(forceinline=True, **_PARTS)(function)
    return compiled  # type: ignore[no-any-return]


def bare_inner(function: Function) -> Function:
    """Compile as `inlined`, where no array is made."""
    compiled: Any = nb.njit(forceinline=True, **_BARE, **_PARTS)(function)
    return compiled  # type: ignore[no-any-return]


def all_on_disk() -> bool:
    """Tell whether every kernel that is imported was compiled by an earlier run."""
    return all(map(_is_on_disk, _KERNELS))


def _is_on_disk(compiled: Any) -> bool:
    source = Path(inspect.getfile(compiled.py_func))
    name = f"{source.stem}.{compiled.py_func.__name__}-*.nbi"
    return any(Path(compiled.stats.cache_path).glob(name))


def _drop_stale() -> None:
    """Drop compiled kernels that are older than any kernel's source.

    Numba looks at the file of a kernel alone, not at those whose functions it took in.
    """
    here = Path(__file__).parent
    sources = [here / "compiled.py", *here.glob("ward*.py"), *here.glob("knn*.py")]
    newest = max(path.stat().st_mtime for path in [*sources, here / "exact.py"])
    for index in (here / "__pycache__").glob("*.nbi"):
        with suppress(OSError):
            if index.stat().st_mtime < newest:
                index.unlink()


_drop_stale()
