"""More distinct points than ``max_points``: the finest grid that fits, and what it can change."""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import segmenter
from segmenter import SegmenterError, Settings, Source
from segmenter.operations.describe import audit_sentences
from segmenter.points import MAX_CENTS
from segmenter.training.coarsening import MAX_BITS, Grid
from segmenter.training.stage import Stage

BASE = Source(profile="base")


@pytest.fixture
def base(con):
    rng = np.random.default_rng(7)
    frequency = rng.geometric(0.4, 6000)
    monetary = np.round(np.exp(rng.normal(4, 1, 6000)) * frequency - 5, 2)
    frame = {"customer_id": np.arange(6000), "monetary": monetary, "frequency": frequency}
    con.register("frame", pd.DataFrame(frame))
    con.execute("create table base as from frame")
    con.unregister("frame")
    return con


@settings(deadline=None)
@given(st.integers(-MAX_CENTS, MAX_CENTS), st.integers(0, MAX_BITS))
def test_cells_are_relative_and_nested(cents, bits):
    size = np.array([abs(cents)])
    step = Grid(bits).step(size)
    assert (step == 1) | (step <= size * Grid(bits).relative_step)
    if bits < MAX_BITS:
        assert step % Grid(bits + 1).step(size) == 0
    with duckdb.connect() as con:
        expression = Grid(bits).step_expression().sql(dialect="duckdb")
        found = con.execute(f"select {expression} from (select {abs(cents)} as size)").fetchone()
    assert found == (int(step[0]),)


def test_few_points_stay_exact(base):
    model = segmenter.fit(base, BASE)
    assert model.relative_step is None
    assert model.uncertain_customers == 0


def test_the_grid_is_the_finest_that_fits(base):
    with Stage(base, BASE, Settings(max_points=1000)) as stage:
        stage.add_up()
        stage.cut()
        points, grid = stage.points()
        finer = stage.engine.rows(stage._points_query(Grid(grid.bits + 1)))
    assert len(points) <= 1000 < len(finer)


def test_what_the_grid_changes_is_within_the_bound(base):
    exact = segmenter.fit(base, BASE)
    coarse = segmenter.fit(base, BASE, Settings(max_points=1000))
    assert len(coarse.points) <= 1000 < len(exact.points)
    assert coarse.points.n_customers == exact.points.n_customers
    points = exact.points
    labels = [m.rules.lookup(points.cents, points.frequency) for m in (exact, coarse)]
    differing = int(points.customers[labels[0] != labels[1]].sum())
    assert 0 < differing <= coarse.uncertain_customers < points.n_customers / 2
    loaded = segmenter.load(base)
    assert (
        loaded.relative_step
        == coarse.relative_step
        == 2.0 ** -round(-np.log2(coarse.relative_step))
    )
    assert loaded.uncertain_customers == coarse.uncertain_customers


def test_the_fit_says_it(base):
    segmenter.fit(base, BASE, Settings(max_points=1000))
    assert (
        "monetary was moved to a grid with cells of at most 1/" in list(audit_sentences(base))[-1]
    )


def test_too_many_frequencies_cannot_be_coarsened(con):
    con.execute(
        "create table base as select i as customer_id, 1.0 * i as monetary, "
        "i as frequency from range(1, 500) as t(i)"
    )
    with pytest.raises(SegmenterError, match=r"even on the coarsest grid .* max_points = 100"):
        segmenter.fit(con, BASE, Settings(max_points=100))
    assert not con.execute(
        "select 1 from duckdb_schemas() where schema_name = 'segments'"
    ).fetchall()
