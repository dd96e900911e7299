"""Keep: ``warm-up``."""

from __future__ import annotations

from segmenter.cli.options import Quiet
from segmenter.errors import SegmenterError

__all__ = ["warm_up"]


def warm_up(quiet: Quiet = False) -> None:
    """Compile the kernels now, not in the first large fit: for images and machines without a cache.

    Bases of some thousand distinct points need none. Kernels are kept in the installation, or where
    that is read-only in NUMBA_CACHE_DIR, ~/.cache or the temporary folder. Another user of the same
    installation gets a copy.

    Example: segmenter warm-up
    """
    from segmenter.cli.console import listener
    from segmenter.cli.terminal import messages
    from segmenter.jit.kernels import FOLDER, all_on_disk
    from segmenter.training.warm_up import warm_up as compile_all

    if FOLDER is None:
        raise SegmenterError(
            "compiled kernels cannot be kept: no folder for them can be written. Set "
            "NUMBA_CACHE_DIR to one that can."
        )
    was_there = all_on_disk()
    compile_all(listener(quiet))
    if not quiet and was_there:
        messages.line(f"  The kernels are compiled already, and kept in {FOLDER.parent}.")
