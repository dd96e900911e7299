"""The pictures of the pages are those that ``segmenter report --png`` draws now."""

from __future__ import annotations

import copy
import io
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from segmenter.report import vega
from segmenter.report.queries import ReportQueries
from segmenter.report.sections.decision import decision_sections

HERE = Path(__file__).parent / "report"

CHANGED = 0.0002
"""Share of the pixels that may differ. One cell of the map is 0.0003; the same picture has none."""


def pixels(picture):
    return imread(io.BytesIO(picture), format="png").astype(float)


def changed_share(ours, theirs):
    """Return the share of the pixels that a person would call another colour."""
    if ours.shape != theirs.shape:
        return 1.0
    return float((np.abs(ours - theirs).max(axis=2) > 0.1).mean())


@pytest.fixture
def figures(fitted):
    with ReportQueries(fitted.con) as ask:
        sections = decision_sections(ask.facts())
    return {figure.key: figure for section in sections for figure in section.figures}


def drawn(figure, spec=None):
    return pixels(vega.picture(spec or figure.spec, figure.title))


@pytest.mark.parametrize("fitted", ["online_retail"], indirect=True)
def test_the_pictures_are_those_drawn_now(figures):
    paths = sorted(HERE.glob("*.png"))
    assert [path.stem for path in paths] == ["customers-and-revenue", "map"]
    page = (HERE.parents[2] / "segmenter" / "report" / "README.md").read_text(encoding="utf-8")
    for path in paths:
        assert changed_share(drawn(figures[path.stem]), pixels(path.read_bytes())) <= CHANGED
        assert f"tests/golden/report/{path.name}" in page


@pytest.mark.parametrize("fitted", ["online_retail"], indirect=True)
def test_a_changed_bar_or_cell_is_another_picture(figures):
    """What the comparison above must not let pass: one number, one colour, one name."""
    for key in ("customers-and-revenue", "map"):
        kept = pixels((HERE / f"{key}.png").read_bytes())
        for change in (_less, _renamed):
            spec = copy.deepcopy(figures[key].spec)
            change(spec)
            assert changed_share(drawn(figures[key], spec), kept) > CHANGED, (key, change)


def _less(spec):
    """Draw a tenth less of the first row of each chart's largest data set."""
    rows = max(spec["datasets"].values(), key=len)
    for name, value in rows[0].items():
        if isinstance(value, float):
            rows[0][name] = value * 0.9


def _renamed(spec):
    for rows in spec["datasets"].values():
        for row in rows:
            for name, value in row.items():
                if value == "Loyal":
                    row[name] = "Elite"
