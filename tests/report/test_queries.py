"""The report's questions, against rows that a person can follow and against the real bases."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import duckdb
import pytest

import segmenter
from segmenter import SegmenterError, Settings, Source
from segmenter.report.availability import Missing
from tests.report.bases import READ


def test_segments_are_those_of_the_summary(reported):
    rows = {row["segment"]: row for row in reported.facts.segments}
    for row in reported.con.execute("from segments.segment_summary").fetchall():
        name, rank, customers, part, revenue, of_revenue, mean, _, orders, _, ordinary = row
        found = rows[name]
        assert (found["segment_rank"], found["customers"]) == (rank, customers)
        assert found["revenue"] == pytest.approx(revenue)
        assert found["share_of_customers"] == pytest.approx(part)
        assert found["share_of_revenue"] == pytest.approx(of_revenue)
        assert found["mean_monetary"] == pytest.approx(mean)
        assert found["mean_frequency"] == pytest.approx(orders)
        others = customers - found["whales"]
        assert ordinary == pytest.approx((revenue - found["whale_revenue"]) / others)


def test_medians_are_those_of_somebody(reported):
    for row in reported.facts.segments:
        (monetary, frequency) = reported.con.execute(
            "select quantile_disc(monetary, 0.5), quantile_disc(frequency, 0.5) "
            "from segments.customer_segments_snapshot where segment = $1",
            [row["segment"]],
        ).fetchone()
        # of an even number quantile_disc takes the lower one, the report the upper one
        assert row["median_monetary"] >= monetary
        assert row["median_frequency"] >= frequency
        (above,) = reported.con.execute(
            "select count(*) filter (monetary < $2) from segments.customer_segments_snapshot "
            "where segment = $1",
            [row["segment"], row["median_monetary"]],
        ).fetchone()
        assert above <= row["customers"] / 2


def test_whales_are_counted_by_segment(reported):
    rows = reported.facts.segments
    assert sum(row["whales"] for row in rows) == reported.model.whales
    (revenue,) = reported.con.execute(
        "select sum(monetary) from segments.customer_segments where is_whale"
    ).fetchone()
    assert sum(row["whale_revenue"] for row in rows) == pytest.approx(revenue)


def test_each_customer_is_on_the_map_once(reported):
    found = reported.facts.map
    assert found.is_density
    assert sum(cell["customers"] for cell in found.cells) == reported.model.customers
    low, high = reported.con.execute(
        "select count(*) filter (monetary < $1), count(*) filter (frequency = 0) "
        "from segments.customer_segments_snapshot",
        [found.lowest],
    ).fetchone()
    at_edge = [c["customers"] for c in found.cells if c["monetary_from"] is None]
    no_order = [c["customers"] for c in found.cells if c["frequency_from"] is None]
    assert (sum(at_edge), sum(no_order)) == (low, high)


def test_cells_of_the_map_hold_who_they_say(reported):
    cells = reported.facts.map.cells
    for cell in sorted(cells, key=lambda each: -each["customers"])[:20]:
        if None in (cell["monetary_from"], cell["frequency_from"]):
            continue
        (customers,) = reported.con.execute(
            """
            select count(*) from segments.customer_segments_snapshot
            where segment = $segment
                and monetary >= $monetary_from - 1e-9 and monetary < $monetary_below - 1e-9
                and frequency between $frequency_from and $frequency_to
            """,
            {
                name: cell[name]
                for name in (
                    "segment",
                    "monetary_from",
                    "monetary_below",
                    "frequency_from",
                    "frequency_to",
                )
            },
        ).fetchone()
        assert customers == cell["customers"]


def test_parts_of_a_cell_are_stacked_by_segment(reported):
    parts = {}
    for cell in reported.facts.map.cells:
        key = (cell["monetary_from"], cell["frequency_from"])
        parts.setdefault(key, []).append((cell["part_from"], cell["part_to"]))
    for stacked in parts.values():
        edges = sorted(stacked)
        assert edges[0][0] == 0
        assert edges[-1][1] == pytest.approx(1)
        for (_, end), (begin, _) in pairwise(edges):
            assert end == pytest.approx(begin)


def test_boundaries_lie_between_segments(reported):
    lines = reported.facts.map.boundaries
    for line in lines:
        if line["frequency"] == line["frequency_end"]:
            middle = (line["monetary"] + line["monetary_end"]) / 2
            sides = [(middle, line["frequency"] - 0.5), (middle, line["frequency"] + 0.5)]
        else:
            first = max(1, line["frequency"] + 0.5)
            sides = [(line["monetary"] - 0.01, first), (line["monetary"], first)]
        one, other = (
            reported.con.execute("select classify_segment($1, $2)", side).fetchone()[0]
            for side in sides
        )
        assert one != other, line


def test_concentration_by_hand(small):
    # 930, 900, 135, 130, 110, 14, 13, 12, 11, 10, 9 and a refund of 5: 2,269 in all
    curve = {row["share"]: row["revenue"] for row in small.facts.concentration}
    assert curve[0.25] == pytest.approx(930 + 900 + 135)
    assert curve[0.5] == pytest.approx(930 + 900 + 135 + 130 + 110 + 14)
    assert curve[0.1] == pytest.approx(930 + 0.2 * 900)
    assert curve[1.0] == pytest.approx(2269)
    assert len(curve) == 200


def test_lifecycle_adds_up(reported):
    found = reported.facts
    expected = reported.con.execute(
        "select segment, lifecycle, count(*), sum(monetary) "
        "from segments.customer_segments_snapshot where lifecycle is not null group by all"
    ).fetchall()
    rows = {(r["segment"], r["lifecycle"]): (r["customers"], r["revenue"]) for r in found.lifecycle}
    assert rows == {(s, stage): (n, pytest.approx(m)) for s, stage, n, m in expected}


def test_moves_are_counted_from_three_months_before(small, facts):
    found = small.facts
    assert found.last_order_at == dt.datetime(2024, 5, 25)
    assert found.moves_from == dt.datetime(2024, 2, 24)
    new = sum(row["customers"] for row in found.moves if row["segment_from"] is None)
    assert new == 4  # emil, fay, ivo and lea
    later = facts(small.con, since=dt.datetime(2024, 5, 22)).moves
    assert sum(row["customers"] for row in later) == 12


def test_moves_from_after_the_end_are_refused(small, facts):
    with pytest.raises(SegmenterError, match="must be before the newest order, 2024-05-25"):
        facts(small.con, since=dt.datetime(2024, 6, 1))


def test_the_snapshot_is_read_until_the_report_is_asked_to_be_live(twelve_fitted, facts):
    twelve_fitted.execute("insert into sales values ('new', 99, 7777, timestamp '2024-05-26')")
    kept = facts(twelve_fitted)
    assert kept.customers == 12
    assert kept.refreshed_at is not None
    live = facts(twelve_fitted, is_live=True)
    assert live.customers == 13
    assert live.refreshed_at is None
    left = twelve_fitted.execute(
        "select table_name from duckdb_tables() where temporary"
    ).fetchall()
    assert left == []


def test_customers_are_named_only_when_asked_for(small, facts):
    assert small.facts.whales == []
    named = facts(small.con, with_customers=True)
    assert {row["customer_id"] for row in named.whales} <= {"jo", "kim"}
    assert named.whales


def test_without_dates_the_facts_say_what_to_do(twelve, facts):
    source = Source(transactions="sales", customer="customer_id", amount="amount")
    segmenter.fit(twelve, source, settings=Settings(n_neighbors=1))
    found = facts(twelve)
    for part in (found.lifecycle, found.moves):
        assert isinstance(part, Missing)
        assert "with a date column" in part
    with pytest.raises(SegmenterError, match="since needs a date column"):
        facts(twelve, since=dt.datetime(2024, 1, 1))


def test_anonymous_points_have_segments_and_a_map(con, facts):
    con.execute(
        "create table points as select i * i as monetary, 1 + i % 5 as frequency, "
        "20_000_000 as customers from range(1, 50) as t(i)"
    )
    segmenter.fit(con, Source(points="points"))
    found = facts(con, with_customers=True)
    assert found.customers == 49 * 20_000_000
    assert sum(cell["customers"] for cell in found.map.cells) == found.customers
    assert found.concentration[-1]["share_of_revenue"] == pytest.approx(1)
    assert "anonymous points" in found.moves
    assert found.whales == []


def test_a_source_that_has_changed_leaves_a_sentence(twelve_fitted, facts):
    twelve_fitted.execute("drop table sales")
    found = facts(twelve_fitted)
    assert found.customers == 12
    assert isinstance(found.moves, Missing)
    assert "cannot be read any more" in found.moves
    assert "fit again" in found.moves


def test_a_model_without_points_leaves_a_sentence(twelve, facts):
    segmenter.fit(twelve, READ, settings=Settings(n_neighbors=1, forget_points=True))
    found = facts(twelve)
    for part in (found.levels, found.trees):
        assert isinstance(part, Missing)
        assert "keep the points" in part
    assert found.map.cells


def test_a_database_that_is_read_only_can_be_reported(tmp_path, twelve, facts):
    path = tmp_path / "shop.duckdb"
    twelve.execute(f"attach '{path}' as shop")
    twelve.execute("create table shop.sales as from sales")
    twelve.execute("use shop")
    segmenter.fit(twelve, READ, settings=Settings(n_neighbors=1))
    twelve.execute("use memory; detach shop")
    with duckdb.connect(str(path), read_only=True) as con:
        assert facts(con, is_live=True).customers == 12


def test_what_to_do_adds_up(twelve_fitted, facts):
    rows = facts(twelve_fitted, is_live=True).actions
    found = {
        action: (
            sum(row["customers"] for row in rows if row["next_action"] == action),
            sum(row["revenue_at_stake"] for row in rows if row["next_action"] == action),
        )
        for action in ("win back", "one more order")
    }
    expected = twelve_fitted.execute(
        "select next_action, count(*), sum(revenue_at_stake) from segments.next_actions group by 1"
    ).fetchall()
    assert found == {action: (number, pytest.approx(at)) for action, number, at in expected}
    assert "segmenter report DB --live" in facts(twelve_fitted).actions


def test_what_the_fit_noted_is_among_the_warnings(con, facts):
    con.execute(
        "create table sales as select i % 200 as customer_id, i as order_id, "
        "1.0 + i % 200 as amount, timestamp '2024-01-01' + to_days((i % 90)::integer) as sold_at "
        "from range(1400) as t(i)"
    )
    segmenter.fit(con, READ)
    noted = facts(con).model["warnings"]
    assert any("everybody but the whales has 7 orders" in words for words in noted)
    assert any("who is lapsing is told from 89 days of history" in words for words in noted)
