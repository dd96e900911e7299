"""Settings and sources refuse what they cannot use, and say what is allowed."""

from __future__ import annotations

import pytest

from segmenter import SegmenterError, Settings, Source


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"cut": 1.2}, r"cut must be between 0\.5 and 1 .* not 1\.2"),
        ({"cut": 0.5}, r"cut must be above 0\.5"),
        ({"cut": float("nan")}, "cut must be a number"),
        ({"cut": "x"}, "cut must be a number"),
        ({"cut_on": "both"}, "cut_on must be 'monetary', 'frequency' or 'either', not 'both'"),
        ({"levels": 0}, "levels must be a whole number from 1 to 6 or 'auto', not 0"),
        ({"levels": "many"}, "levels must be .* not 'many'"),
        ({"levels": 7}, "levels must be"),
        ({"max_share": -0.1}, "max_share must be between 0 and 1"),
        ({"consolidate": 1}, "consolidate must be true or false"),
        ({"n_neighbors": 0}, "n_neighbors must be a whole number from 1 to 50, not 0"),
        ({"n_neighbors": 5.0}, "n_neighbors"),
        ({"max_rules": 0}, "max_rules must be a whole number from 1 to 100,000"),
        ({"names": ["A"]}, "names must be 2 to 7"),
        ({"names": ["A", "A"]}, "names must differ"),
        ({"names": ["A", " "]}, "names must be non-empty"),
        ({"names": 3}, "names must be a list"),
        ({"n_neighbours": 3}, "Did you mean 'n_neighbors'"),
    ],
)
def test_settings_out_of_range(values, message):
    with pytest.raises(SegmenterError, match=message):
        Settings.from_mapping(values)


def test_settings_come_back_from_a_mapping():
    settings = Settings(levels="auto", names=("A", "B"), consolidate=False)
    assert Settings.from_mapping(settings.as_dict()) == settings
    assert Settings.from_mapping({"levels": "3", "cut": None, "names": "A, B"}) == Settings(
        levels=3, names=("A", "B")
    )


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "give one of transactions, profile and points; none of them came"),
        ({"transactions": "a", "points": "b"}, "transactions and points came"),
        ({"transactions": "a", "customer": "c"}, "amount is missing"),
        ({"transactions": "a", "amount": "c"}, "customer is missing"),
        ({"profile": "a", "amount": "x"}, "amount belongs to transactions"),
        ({"points": "a", "customer": "x"}, "anonymous"),
        (
            {
                "transactions": "a",
                "customer": "c",
                "amount": "x",
                "window": "12 moons",
                "date": "d",
            },
            "window must be a number of days",
        ),
        (
            {"transactions": "a", "customer": "c", "amount": "x", "window": "1 year"},
            "window needs the date column",
        ),
        (
            {"transactions": "a", "customer": "c", "amount": "x", "date": "d", "as_of": "soon"},
            "as_of must be a date",
        ),
    ],
)
def test_sources_that_do_not_fit(values, message):
    with pytest.raises(SegmenterError, match=message):
        Source(**values)


def test_a_date_counts_to_its_end():
    source = Source(transactions="a", customer="c", amount="x", date="d", as_of="2011-12-09")
    assert str(source.as_of) == "2011-12-09 23:59:59.999999"
