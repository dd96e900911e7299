"""The pictures of the README are those that ``segmenter report --png`` draws now."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from segmenter.report import bundle
from segmenter.report.data import Questions
from segmenter.report.decision import decision_sections

HERE = Path(__file__).parent / "report"


def size(picture):
    """Return width and height of a PNG file: fonts differ from machine to machine."""
    return struct.unpack(">II", picture[16:24])


@pytest.mark.parametrize("fitted", ["online_retail"], indirect=True)
def test_the_pictures_have_the_size_of_those_drawn_now(fitted):
    with Questions(fitted.con) as ask:
        sections = decision_sections(ask.facts())
    figures = {figure.key: figure for section in sections for figure in section.figures}
    paths = sorted(HERE.glob("*.png"))
    assert [path.stem for path in paths] == ["customers-and-revenue", "map"]
    for path in paths:
        drawn = bundle.picture(figures[path.stem].spec, figures[path.stem].title)
        kept = path.read_bytes()
        for ours, theirs in zip(size(drawn), size(kept), strict=True):
            assert ours == pytest.approx(theirs, abs=40)
        assert f"tests/golden/report/{path.name}" in (HERE.parents[2] / "README.md").read_text(
            encoding="utf-8"
        )
