"""The colours: apart from the page and from each other, for every kind of eye."""

from __future__ import annotations

import itertools
import math

import pytest

from segmenter.report.theme import BACKGROUNDS, MARKS, PALETTES, config, share

# Machado, Oliveira, Fernandes 2009, severity 1.0, on linear RGB
EYES = {
    "all cones": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}


def linear(colour):
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    return [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]


def luminance(colour):
    red, green, blue = linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def lab(colour, eye):
    seen = [
        min(1, max(0, sum(a * b for a, b in zip(row, linear(colour), strict=True))))
        for row in EYES[eye]
    ]
    weights = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
    white = (0.95047, 1, 1.08883)
    x, y, z = (
        math.cbrt(t) if (t := sum(a * b for a, b in zip(w, seen, strict=True)) / n) > 0.008856
        else 7.787 * t + 16 / 116
        for w, n in zip(weights, white, strict=True)
    )  # fmt: skip
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


@pytest.mark.parametrize("theme", PALETTES)
def test_each_colour_stands_out_from_the_page(theme):
    page = luminance(BACKGROUNDS[theme])
    for colour in PALETTES[theme]:
        bright, dark = sorted((luminance(colour), page), reverse=True)
        assert (bright + 0.05) / (dark + 0.05) >= 3, colour


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize("theme", PALETTES)
def test_any_two_colours_can_be_told_apart(theme, eye):
    for one, other in itertools.combinations(PALETTES[theme], 2):
        distance = math.dist(lab(one, eye), lab(other, eye))
        assert distance >= 13, (one, other, distance)


def test_there_is_a_shape_and_a_colour_for_each_of_seven_segments():
    for values in (*PALETTES.values(), MARKS):
        assert len(set(values)) == len(values) == 7


@pytest.mark.parametrize("theme", PALETTES)
def test_a_theme_has_its_segments_first(theme):
    assert config(theme)["range"]["category"][:7] == list(PALETTES[theme])


@pytest.mark.parametrize(
    ("part", "words"),
    [(0.6161, "61.6 %"), (0.00042, "0.042 %"), (0.0, "0.0 %"), (-0.02, "-2.0 %"), (None, "-")],
)
def test_small_shares_are_not_called_nothing(part, words):
    assert share(part) == words
