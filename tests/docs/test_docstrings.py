"""Examples in docstrings run, and give what they show."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

import segmenter
from tests.docs.pages import ROOT

FILES = [path.relative_to(ROOT) for path in (ROOT / "segmenter").rglob("*.py")]
FILES += [Path("segmenter", path.relative_to(ROOT)) for path in (ROOT / "udf").glob("*.py")]

MODULES = sorted(
    ".".join(path.with_suffix("").parts).removesuffix(".__init__")
    for path in FILES
    if ">>> " in (ROOT / str(path).replace("segmenter/udf", "udf")).read_text(encoding="utf-8")
)


def examples(name):
    module = importlib.import_module(name)
    found = doctest.DocTestFinder(exclude_empty=True).find(module, name)
    return [each for each in found if each.examples]


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for example in examples(name):
        printed = []
        failed = doctest.DocTestRunner(verbose=False).run(example, out=printed.append).failed
        assert not failed, "".join(printed)


def test_there_are_examples():
    public = [getattr(segmenter, name) for name in ("open", "fit", "export", "RecursiveWard")]
    for each in public:
        assert ">>> " in (each.__doc__ or ""), each
