"""classify_segment(monetary, frequency): the search under the macro's name.

Registered only where no compiled macro of that name exists: in a session that uses a model loaded
from a file, say. A macro that a later fit creates takes its place.
"""

from __future__ import annotations

from dataclasses import replace

from segmenter.udf.classify_segment_knn import FUNCTION as KNN

__all__ = ["FUNCTION"]

FUNCTION = replace(KNN, name="classify_segment")
