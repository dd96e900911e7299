"""Settings and sources refuse what they cannot use, and say what is allowed."""

from __future__ import annotations

import datetime as dt

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
        ({"monotone": "yes"}, "monotone must be true or false"),
        ({"n_init": 0}, "n_init must be a whole number from 1 to 50"),
        ({"shape": "round"}, "shape must be 'recursive', 'flat' or 'auto', not 'round'"),
        ({"n_neighbors": 0}, "n_neighbors must be a whole number from 1 to 50, not 0"),
        ({"n_neighbors": 5.5}, "n_neighbors must be .* not 5.5"),
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
    floating = {"levels": 2.0, "n_neighbors": 7.0, "max_rules": 10.0, "max_points": 100.0}
    read = Settings.from_mapping(floating)
    assert read == Settings(levels=2, n_neighbors=7, max_rules=10, max_points=100)
    assert type(read.levels) is int
    with pytest.raises(SegmenterError, match=r"not 5\.0"):
        Settings(n_neighbors=5.0)


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
        ({"transactions": "a", "customer": "", "amount": "x"}, "customer must be .* not ''"),
        ({"transactions": "a", "customer": 1, "amount": "x"}, "customer must be .* not 1"),
        ({"transactions": "a", "customer": "c", "amount": "x", "order": " "}, "order must be"),
        ({"transactions": "a", "customer": "c", "amount": "x", "where": 5}, "where must be a cond"),
        ({"profile": "a", "customer": ""}, "customer must be"),
        ({"transactions": "", "customer": "c", "amount": "x"}, "transactions is empty"),
        ({"transactions": 5, "customer": "c", "amount": "x"}, "frame .* a value of type int came"),
        (
            {
                "transactions": "a",
                "customer": "c",
                "amount": "x",
                "date": "d",
                "as_of": "0001-01-01T00:00:00+05:00",
            },
            "as_of 0001-01-01 .* is out of range",
        ),
        ({"points": {"monetary": [1]}}, "points must be the name of a table .* type dict came"),
        ({"profile": [1, 2]}, "profile must be the name of a table .* type list came"),
        *(
            (
                {"transactions": "a", "customer": "c", "amount": "x", "date": "d", "window": text},
                f"window must be at most 10,000 years, not '{text}'",
            )
            for text in ("99999999 years", "9999999999999 days")
        ),
    ],
)
def test_sources_that_do_not_fit(values, message):
    with pytest.raises(SegmenterError, match=message):
        Source(**values)


def test_a_date_counts_to_its_end():
    source = Source(transactions="a", customer="c", amount="x", date="d", as_of="2011-12-09")
    assert str(source.as_of) == "2011-12-09 23:59:59.999999"


@pytest.mark.parametrize(
    "moment",
    [
        "2021-01-01T12:00:00+05:00",
        "2021-01-01T07:00:00Z",
        dt.datetime(2021, 1, 1, 2, tzinfo=dt.timezone(dt.timedelta(hours=-5))),
        "2021-01-01 07:00",
    ],
)
def test_a_moment_with_a_zone_counts_in_utc(moment):
    source = Source(transactions="a", customer="c", amount="x", date="d", as_of=moment)
    assert source.as_of == dt.datetime(2021, 1, 1, 7)
