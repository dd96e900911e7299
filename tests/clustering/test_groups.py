"""Groups and gaps: what the audit says of crowds that stand apart, and of lines that cut one."""

from __future__ import annotations

import math

import numpy as np
import pytest

from segmenter import Settings
from segmenter.clustering.gaps import gap_index
from segmenter.clustering.recursion import recursive_segments
from segmenter.points import Points
from segmenter.progress import Silent
from segmenter.training.learning import learn

HALVES = "level 2 halves a group that stands apart from the others, with no gap within it. "


def two_groups(share=0.7):
    rng = np.random.default_rng(2)
    is_low = rng.random(2000) < share
    money = np.where(is_low, rng.normal(100, 8, 2000), rng.normal(900, 8, 2000))
    orders = np.where(is_low, rng.integers(1, 5, 2000), rng.integers(18, 22, 2000))
    return Points.group(np.rint(money * 100), orders)


@pytest.mark.parametrize("apart", [3, 4, 5])
def test_of_two_normal_groups_it_is_what_their_densities_give(apart):
    """Midway between two bells, over their peaks; the kernel blurs both a little."""
    rng = np.random.default_rng(apart)
    groups = [
        Points.group(np.rint(1000 * np.exp(rng.normal(5 + away, 1, 20_000) / 3)), np.ones(20_000))
        for away in (0, apart)
    ]
    bell = math.exp(-(apart**2) / 8) * 2 / (1 + math.exp(-(apart**2) / 2))
    assert gap_index(*groups) == pytest.approx(bell, abs=0.06)


def test_a_group_that_was_halved_is_said_with_the_setting_that_leaves_it_whole():
    points = two_groups()
    (said,) = [w for w in learn(points, Settings(), Silent()).segmentation.warnings if HALVES in w]
    assert said.endswith("To leave it whole, give levels = 1.")
    found = learn(points, Settings(levels=1), Silent()).segmentation
    assert len(found.segments) == 2
    assert not any(HALVES in warning for warning in found.warnings)
    (lopsided,) = found.warnings
    assert "another level would halve a group: accept it with max_share." in lopsided
    assert not learn(points, Settings(levels=1, max_share=0.75), Silent()).segmentation.warnings


def test_a_crowd_that_is_cut_everywhere_is_no_group():
    rng = np.random.default_rng(3)
    points = Points.group(np.rint(rng.lognormal(9, 1, 3000)), rng.geometric(0.3, 3000))
    assert not any(HALVES in warning for warning in recursive_segments(points).warnings)
