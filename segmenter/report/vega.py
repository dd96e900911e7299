"""The charting library: its JavaScript for the page, its pictures, and what to do without it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from segmenter.errors import SegmenterError
from segmenter.report.theme import BACKGROUNDS, config
from segmenter.sources.drafts import DRAFT, move, private_folder

__all__ = ["bundled_script", "picture", "require"]

_WIDTH = 760
_SCALE = 1.5

_NEEDED = ("altair", "jinja2", "vl_convert")


def require() -> None:
    """Refuse to start where the charting library is not installed.

    Raises
    ------
    SegmenterError
        Says what to install.
    """
    if any(find_spec(name) is None for name in _NEEDED):
        raise SegmenterError(
            "the report needs Altair, Jinja2 and vl-convert, which are not all installed. Install "
            "them with: pip install 'duckdb-segmenter[report]'"
        )


@contextmanager
def bundled_script() -> Iterator[Callable[[], str]]:
    """Gather Vega, Vega-Lite and Vega-Embed into one script while the block works.

    Gathering takes seconds, so another process does it; what comes of it is kept on disk for the
    next report.

    Yields
    ------
    callable
        Waits for the script and returns it.
    """
    cached = _cached_script()
    if cached.is_file():
        yield lambda: cached.read_text(encoding="utf-8")
        return
    words = [sys.executable, "-m", __name__]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as helper:

        def wait() -> str:
            found, _ = helper.communicate()
            script = found.decode("utf-8") if helper.returncode == 0 else _javascript()
            with suppress(OSError):  # an installation that cannot be written gathers each time
                _cache_script(cached, script)
            return script

        try:
            yield wait
        finally:
            helper.kill()


def _cached_script() -> Path:
    """Return where the script is kept: beside the compiled modules, by version."""
    made_by = version("vl-convert-python")
    return Path(__file__).parent / "__pycache__" / f"vega-{_version()}-{made_by}.js"


def _cache_script(path: Path, script: str) -> None:
    path.parent.mkdir(exist_ok=True)
    with private_folder(path.parent) as folder:
        draft = folder / DRAFT
        draft.write_text(script, encoding="utf-8")
        move(draft, path, overwrite=True)


def _javascript() -> str:
    import vl_convert

    bundle: Any = vl_convert.javascript_bundle  # its stub asks for a snippet; it does not
    return str(bundle(vl_version=_version()))


def picture(chart: dict[str, Any], title: str) -> bytes:
    """Return a chart as a PNG file on white, under its title."""
    import vl_convert

    spec = {**chart, "width": _WIDTH, "background": BACKGROUNDS["light"], "padding": 16}
    heading = {"text": title, "anchor": "start", "fontSize": 15, "offset": 14}
    theme = {**config("light"), "background": BACKGROUNDS["light"]}
    return bytes(
        vl_convert.vegalite_to_png(
            {**spec, "title": heading, "config": theme}, vl_version=_version(), scale=_SCALE
        )
    )


def _version() -> str:
    """Return the newest version of Vega-Lite that both libraries know."""
    import vl_convert

    return str(max(vl_convert.get_vegalite_versions(), key=_numbers))


def _numbers(dotted: str) -> list[int]:
    return [int(part) for part in dotted.split(".")]


if __name__ == "__main__":
    sys.stdout.buffer.write(_javascript().encode())
