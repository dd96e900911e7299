"""Two versions compared, what a refit changes, and old versions deleted."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

import segmenter
from segmenter import SegmenterError, Settings, Source
from segmenter.evaluation.metrics import adjusted_rand
from segmenter.operations.refit_changes import refit_changes
from segmenter.operations.rollback import stage_of
from segmenter.progress import Silent
from segmenter.storage.publish import delete, publish, store_unpublished
from segmenter.training.stage import Stage
from segmenter.training.train import train


def rows(con, query):
    return con.execute(query).fetchall()


def refit(con, source, settings=None):
    with Stage(con, source, settings or Settings()) as stage:
        return refit_changes(stage, train(stage, Silent()).model)


@pytest.fixture
def versions(shop, sales):
    """Two models with different settings; the second is current."""
    segmenter.fit(shop, sales)
    segmenter.fit(shop, sales, Settings(levels=1, names=("Good", "Other")), publish=True)
    return shop


def labels(con, model_id):
    """Label customers by loading a version and searching neighbours, not by its rules."""
    found = con.execute(
        "select monetary, frequency from segments.customer_profile order by customer_id"
    ).fetchnumpy()
    return segmenter.load(con, model_id).classify(found["monetary"], found["frequency"])


def agreement(found):
    names = sorted({row[0] for row in found} | {row[1] for row in found})
    codes = [[names.index(row[side]) for row in found] for side in (0, 1)]
    customers = np.array([int(row[2]) for row in found])
    return adjusted_rand(*np.array(codes), customers)


def test_customers_by_segment_in_both(versions):
    pairs = list(zip(labels(versions, 1), labels(versions, 2), strict=True))
    expected = {pair: pairs.count(pair) for pair in set(pairs)}
    found = rows(versions, "from segments.compare_models(1, 2)")
    assert {(row[0], row[1]): row[2] for row in found} == expected
    total = rows(versions, "select sum(monetary) from segments.customer_profile")[0][0]
    assert sum(row[3] for row in found) == pytest.approx(total)
    assert agreement(found) == pytest.approx(
        adjusted_rand_score(*zip(*pairs, strict=True)), abs=1e-12
    )


def test_a_model_agrees_with_itself(versions):
    found = rows(versions, "from segments.compare_models(1, 1)")
    assert found
    assert all(row[0] == row[1] for row in found)
    assert agreement(found) == 1.0


def test_rules_side_by_side_cover_everything_once(versions):
    wrong = rows(
        versions,
        """
        with places as (
            select frequency, monetary + step as monetary
            from (select distinct monetary_from as monetary from segments_internal.model_rules
                where isfinite(monetary_from))
            cross join (values (-0.01), (0.0), (0.01)) as t(step)
            cross join range(0, 30) as t2(frequency)
        )

        select count(*) from (
            select p.frequency, p.monetary, count(*) as n,
                any_value(o.segment_a) as a, any_value(o.segment_b) as b,
                any_value(r.segment) as b_by_rules
            from places as p
            inner join segments.compare_rules(1, 2) as o
                on p.frequency between o.frequency_from and o.frequency_to
                and p.monetary >= o.monetary_from and p.monetary < o.monetary_below
            inner join segments.segment_rules as r
                on p.frequency between r.frequency_from and r.frequency_to
                and p.monetary >= r.monetary_from and p.monetary < r.monetary_below
            group by all
        )
        where n <> 1 or b <> b_by_rules
        """,
    )
    assert wrong == [(0,)]


def test_where_only_names_differ_no_rank_does(shop, sales):
    segmenter.fit(shop, sales, Settings(levels=1))
    segmenter.fit(shop, sales, Settings(levels=1, names=("Gold", "Silver")), publish=True)
    by_name, by_rank = rows(
        shop,
        "select count(*) filter (segment_a <> segment_b), "
        "count(*) filter (segment_rank_a <> segment_rank_b) from segments.compare_rules(1, 2)",
    )[0]
    assert by_name > 0
    assert by_rank == 0


def test_points_are_compared_by_their_customers(shop, sales):
    segmenter.fit(shop, sales)
    shop.execute("create table grid as from segments_internal.profile_points")
    customers = rows(shop, "select sum(customers) from grid")[0][0]
    segmenter.fit(shop, Source(points="grid"), replace=True)
    segmenter.fit(shop, Source(points="grid"), Settings(levels=1), publish=True)
    assert rows(shop, "select sum(customers) from segments.compare_models(2, 3)")[0][0] == customers
    found = refit(shop, Source(points="grid"), Settings(levels=1))
    assert (found.customers, found.changed_by_refit) == (customers, 0)
    assert found.changed_by_behaviour is None
    assert found.words() == "0.0 % of the customers change segment because of the refit."


def test_nothing_changes_when_nothing_did(shop, sales):
    assert refit(shop, sales) is None  # there is no model yet
    segmenter.fit(shop, sales)
    found = refit(shop, sales)
    assert (found.customers, found.changed_by_refit, found.changed_by_behaviour) == (60, 0, 0)


def test_refit_and_behaviour_are_told_apart(shop, sales):
    segmenter.fit(shop, sales)
    # one customer moves by herself, under the rules as they are
    shop.execute("insert into sales select 7, 9001 + i, 300, '2024-05-20' from range(9) as t(i)")
    assert rows(shop, "select classify_segment(2723.5, 11)") == [("Elite",)]
    found = refit(shop, sales, Settings(levels=1))
    assert found.changed_by_behaviour == 1
    present, upcoming = "segments.customer_segments", Settings(levels=1)
    before = rows(shop, f"select segment_rank from {present} order by customer_id")
    segmenter.fit(shop, sales, upcoming, publish=True)
    after = rows(shop, f"select segment from {present} order by customer_id")
    assert {segment for (segment,) in after} == {"Higher", "Lower"}
    assert len(before) == len(after)
    # other names throughout: everybody changes
    assert found.share == 1.0


def test_new_names_alone_move_nobody(shop, sales):
    segmenter.fit(shop, sales)
    found = refit(shop, sales, Settings(names=("A", "B", "C")))
    assert (found.changed_by_refit, found.changed_by_behaviour) == (0, 0)


def test_customers_of_another_kind_are_not_compared_one_by_one(shop, sales):
    from dataclasses import replace

    segmenter.fit(shop, sales)
    found = refit(shop, replace(sales, customer="'c' || customer_id"))
    assert found.changed_by_refit == 0
    assert found.changed_by_behaviour is None


def test_an_unpublished_version_changes_nothing_until_it_is_made_current(shop, sales):
    segmenter.fit(shop, sales)
    query = "from segments.customer_segments order by customer_id"
    before = rows(shop, query)
    with Stage(shop, sales, Settings(levels=1)) as stage:
        stored = store_unpublished(shop, train(stage, Silent()).model, stage.customers)
    assert stored.model_id == 2
    assert rows(shop, query) == before
    assert rows(shop, "select model_id, is_current from segments_internal.models order by 1") == [
        (1, True),
        (2, False),
    ]
    with stage_of(shop, segmenter.load(shop, 2), Silent()) as stage:
        publish(shop, segmenter.load(shop, 2), stage.binding, stage.customers)
    assert {row[0] for row in rows(shop, "select segment from segments.customer_segments")} == {
        "Higher",
        "Lower",
    }


def test_a_crash_while_publishing_leaves_the_version_before(shop, sales, monkeypatch):
    segmenter.fit(shop, sales)
    query = "from segments.customer_segments order by customer_id"
    before = rows(shop, query)
    monkeypatch.setattr("segmenter.storage.publish.write_comments", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        segmenter.fit(shop, sales, Settings(levels=1), publish=True)
    assert rows(shop, query) == before
    assert rows(shop, "select count(*) from segments_internal.models") == [(1,)]
    assert rows(shop, "select classify_segment(9999, 9)") == [("Elite",)]


def test_deleted_versions_are_gone_but_for_what_they_published(versions):
    history = "from segments.customer_segments_history order by all"
    before = rows(versions, history)
    delete(versions, [1])
    assert rows(versions, history) == before
    tables = rows(
        versions,
        "select table_name from duckdb_columns() "
        "where schema_name = 'segments_internal' and column_name = 'model_id'",
    )
    said = {("customer_segments_history",), ("customer_segments_snapshot",), ("publishing_log",)}
    for (table,) in set(tables) - said:
        assert rows(versions, f"select 1 from segments_internal.{table} where model_id = 1") == []
    assert rows(
        versions, "select count(*) from segments_internal.model_points where model_id = 2"
    ) != [(0,)]
    with pytest.raises(SegmenterError, match="current version cannot be deleted"):
        delete(versions, [2])
