"""Columns of Arrow from arrays and back, without pandas: pyarrow's own ways would import it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

__all__ = ["as_arrow", "as_numpy", "texts_as_arrow"]


def as_arrow(array: NDArray[Any]) -> pa.Array[Any]:
    """Return an array of numbers as a column."""
    data = pa.py_buffer(np.ascontiguousarray(array))
    return pa.Array.from_buffers(pa.from_numpy_dtype(array.dtype), len(array), [None, data])


def texts_as_arrow(texts: Sequence[str]) -> pa.Array[Any]:
    """Return texts as a column."""
    encoded = [text.encode() for text in texts]
    offsets = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
    data = [pa.py_buffer(offsets), pa.py_buffer(b"".join(encoded))]
    return pa.StringArray.from_buffers(len(encoded), *data)


def as_numpy(column: pa.ChunkedArray) -> NDArray[Any]:
    """Return a column of numbers without NULLs as an array."""
    chunks: list[NDArray[Any]] = [np.from_dlpack(chunk) for chunk in column.chunks]
    return np.concatenate(chunks) if chunks else np.empty(0, column.type.to_pandas_dtype())
