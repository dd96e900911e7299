"""Models of random bases, and the profiles at the borders of their rules."""

from __future__ import annotations

import itertools
from dataclasses import replace
from functools import cache

import duckdb
import numpy as np

import segmenter
from segmenter import Settings, Source
from segmenter.classifier.rules import OPEN_HIGH, OPEN_LOW

__all__ = ["EXPLAINED", "borders", "explained_borders", "model_of_many_rules", "random_model"]

OPEN = (OPEN_LOW, OPEN_HIGH)
"""Bounds of rules that have none."""


EXPLAINED = "select {}explain_segment(m, f) from probe order by id"


def borders(rules):
    """Return each rule's breakpoints, their neighbouring cents and doubles, at its frequencies."""
    found = []
    bounds = (rules.frequency_from, rules.frequency_to, rules.cents_from, rules.cents_below)
    for first, last, lower, upper in zip(*map(np.ndarray.tolist, bounds), strict=True):
        cents = np.array([bound for bound in (lower, upper) if bound not in OPEN])
        exact = cents / 100.0
        near = [(cents - 1) / 100.0, exact, (cents + 1) / 100.0, exact - 0.005]
        near += [np.nextafter(exact, -np.inf), np.nextafter(exact, np.inf)]
        frequency = [first - 1, first - 0.001, first, first + 0.5, min(last, 2**40)]
        found += itertools.product(np.concatenate(near), frequency)
    odd = [-1e308, -1e12, 0.0, 100.0, 1e308, np.nan, np.inf, -np.inf]
    counts = [-3.0, 0.0, 1.0, 2.0**31, 2.0**31 + 1, 2.0**63, np.nan, np.inf, -np.inf]
    return np.array([*found, *itertools.product(odd, counts)]).T


def explained_borders(con, model):
    """Create a table ``probe`` of profiles at the borders, and return what DuckDB says of each.

    Money is such that a cent is more than the last bit.
    """
    monetary, frequency = borders(model.rules)
    finite = np.isfinite(monetary) & np.isfinite(frequency)
    kept = ~finite | (np.abs(monetary) < 1e9) & (frequency < 2**53)
    frame = {"id": np.arange(kept.sum()), "m": monetary[kept], "f": frequency[kept]}
    con.register("frame", frame)
    con.execute("create or replace table probe as from frame")
    con.execute(segmenter.export(replace(model, source={"points": "points.csv"}), "duckdb"))
    return [row[0] for row in con.execute(EXPLAINED.format("")).fetchall()]


@cache
def random_model(segments, seed):
    """Return a model of so many segments over profiles that nothing lies between."""
    rng = np.random.default_rng([segments, seed])
    size = 200 * segments
    profiles = {
        "customer_id": np.arange(size),
        "monetary": np.round(rng.lognormal(4, 1.5, size) - 30, 2),
        "frequency": rng.geometric(0.2, size),
    }
    settings = Settings(
        levels=segments - 1,
        max_share=0.0,
        n_neighbors=(5, 1)[seed % 2],
        monotone=segments % 2 == 0,
        consolidate=segments < 6,
        names=tuple(f"Segment {rank}" for rank in range(1, segments + 1)),
    )
    with duckdb.connect() as con:
        con.register("given", profiles)
        model = segmenter.fit(con, Source(profile="given"), settings)
    assert len(model.names) == segments
    return replace(model, source={"points": "points.csv"})  # no views over a table


@cache
def model_of_many_rules():
    rng = np.random.default_rng(7)
    size = 4_000
    profiles = {
        "customer_id": np.arange(size),
        "monetary": np.round(rng.lognormal(5, 1, size), 2),
        "frequency": rng.geometric(0.08, size),
    }
    settings = Settings(n_neighbors=1, cut=1, levels=4, consolidate=False, monotone=False)
    with duckdb.connect() as con:
        con.register("given", profiles)
        model = segmenter.fit(con, Source(profile="given"), settings)
    assert len(model.rules) >= 200
    return replace(model, source={"points": "points.csv"})
