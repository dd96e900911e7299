"""Patterns of RE2 as Java has them."""

from __future__ import annotations

import pytest

from segmenter.engines.java_patterns import java_pattern, java_replacement


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (r"[A-Z]-\d+", r"[A-Z]-\d+"),
        ("^a$", r"^a\z"),
        ("(?m)^a$", "(?d)(?m)^a$"),
        (r"a\.\$", r"a\.\$"),
        ("a.b", "(?d)a.b"),
        ("[.$]", "[.$]"),
        ("(?i)é", "(?u)(?i)é"),
        ("[[a]", r"[\[a]"),
        (r"[\]]x", r"[\]]x"),
        ("[]a]", None),
        ("[^]a]", None),
        ("[[:alpha:]]", None),
        ("[a&&b]", None),
        ("(?P<name>a)", None),
        (r"\Qa\E", None),
    ],
)
def test_patterns(pattern, expected):
    assert java_pattern(pattern) == expected


@pytest.mark.parametrize(
    ("text", "first_group", "expected"),
    [
        ("x", 0, "x"),
        ("$1", 0, r"\$1"),
        (r"\1", 0, "$1"),
        (r"\1", 2, "$3"),
        (r"\10", 0, r"$1\0"),
        (r"\0-\2", 2, "$2-$4"),
        (r"\\", 0, r"\\"),
        ("\\", 0, None),
        (r"\n", 0, None),
    ],
)
def test_replacements(text, first_group, expected):
    assert java_replacement(text, first_group=first_group) == expected
