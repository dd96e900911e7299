"""Rules without points, and a customer who is forgotten."""

from __future__ import annotations

import duckdb
import pytest

import segmenter
from segmenter import SegmenterError, Settings, Source
from segmenter.operations.forget import Forgetting
from segmenter.operations.model_constants import rules_and_lines
from segmenter.operations.refresh import Refresh
from segmenter.operations.rollback import stage_of
from segmenter.progress import Silent
from segmenter.storage.publish import publish

SOURCE = Source(transactions="sales", customer="customer", amount="amount", order="invoice")
DATED = Source(**SOURCE.as_dict() | {"date": "sold_at"})
SNAPSHOT = "segments_internal.customer_segments_snapshot"
HISTORY = "segments_internal.customer_segments_history"


@pytest.fixture
def sold(con):
    """Sixty customers; 3 and 4 have the same profile, 50 is alone with hers."""
    con.execute(
        """
        create table sales as
        select
            i % 60 as customer, i as invoice,
            timestamp '2024-01-01' + to_hours(i::integer) as sold_at,
            (case when i % 60 < 40 then 10 when i % 60 < 54 then 50 else 200 end)
            + (case when i % 60 = 4 then 3 else i % 60 end) / 4.0 as amount
        from range(600) as t(i)
        where i < 120 or (i % 60 >= 40 and i < 400) or i % 60 >= 54
        """
    )
    return con


def point_of(con, customer, model_id):
    return con.execute(
        f"""
        select points.customers
        from segments_internal.model_points as points
        inner join (
            select sum(amount) as monetary, count(distinct invoice) as frequency
            from sales where customer = {customer}
        ) as profile using (monetary, frequency)
        where model_id = {model_id}
        """
    ).fetchone()


def forget(con, customer):
    forgetting = Forgetting(con)
    steps = forgetting.prepare(str(customer))
    forgetting.store()
    return {step.place: (step.removed, step.words) for step in steps}


def refresh(con):
    with Refresh(con) as refreshing:
        refreshing.prepare()
        refreshing.store()


def test_rules_only(sold):
    kept = segmenter.fit(sold, SOURCE)
    expected = sold.execute("from segments.customer_segments order by customer_id").fetchall()
    segmenter.fit(sold, SOURCE, Settings(forget_points=True))
    assert sold.execute(
        "select model_id, count(*) from segments_internal.model_points group by 1"
    ).fetchall() == [(1, len(kept.points))]
    assert (
        sold.execute("from segments.customer_segments order by customer_id").fetchall() == expected
    )
    loaded = segmenter.load(sold)
    assert len(loaded.points) == 0
    assert loaded.settings.forget_points
    assert loaded.segments == kept.segments
    assert (loaded.rules.segment == kept.rules.segment).all()
    assert "create or replace" in segmenter.export(loaded, "duckdb").lower()
    for name, query in rules_and_lines(loaded).items():
        there = sold.execute(query.sql(dialect="duckdb")).fetchall()
        assert there == sold.execute(f"select * from segments.{name} order by 1, 3").fetchall()


def test_what_needs_points_says_so(sold):
    segmenter.fit(sold, SOURCE, Settings(forget_points=True))
    with pytest.raises(SegmenterError, match="model 1 keeps rules only"):
        segmenter.load(sold).classify([1.0], [1.0])
    segmenter.register(sold)
    for function in ("classify_segment_knn", "explain_segment_knn"):
        with pytest.raises(duckdb.Error, match="model 1 keeps rules only"):
            sold.execute(f"select {function}(50.0, 2.0)")
    assert sold.execute("select classify_segment(1e6, 9)").fetchone() == ("Elite",)


def test_a_version_without_points_can_be_rolled_back_to(sold):
    segmenter.fit(sold, SOURCE, Settings(forget_points=True))
    expected = sold.execute("from segments.customer_segments order by customer_id").fetchall()
    segmenter.fit(sold, SOURCE, Settings(levels=1), publish=True)
    model = segmenter.load(sold, 1)
    with stage_of(sold, model, Silent()) as stage:
        publish(sold, model, stage.binding, stage.customers)
    assert (
        sold.execute("from segments.customer_segments order by customer_id").fetchall() == expected
    )


def test_points_that_only_the_model_would_keep_are_not_forgotten(sold):
    segmenter.fit(sold, SOURCE)
    frame = sold.execute("from segments_internal.profile_points").df()
    with pytest.raises(SegmenterError, match="forget_points keeps none"):
        segmenter.fit(sold, Source(points=frame), Settings(forget_points=True), replace=True)


def test_a_customer_leaves_snapshot_and_points(sold):
    segmenter.fit(sold, SOURCE)
    before = sold.execute("select sum(customers) from segments_internal.model_points").fetchone()[0]
    found = forget(sold, 50)
    assert found[SNAPSHOT] == (1, "1 row removed")
    assert found["model 1"][0] == 1
    assert found["model 1"][1].startswith("removed the point of ")
    assert found["model 1"][1].endswith("(as its fit wrote them into the snapshot)")
    assert "still has 6 rows of them" in found["sales"][1]
    assert sold.execute(f"select count(*) from {SNAPSHOT} where customer_id = 50").fetchone() == (
        0,
    )
    assert sold.execute("select customers from segments_internal.snapshots").fetchone() == (59,)
    assert point_of(sold, 50, 1) is None
    after = sold.execute("select sum(customers) from segments_internal.model_points").fetchone()[0]
    assert after == before - 1
    assert len(segmenter.load(sold).points)


def test_a_point_of_two_becomes_one_of_one(sold):
    segmenter.fit(sold, SOURCE)
    assert point_of(sold, 3, 1) == (2,)
    assert (
        "one customer fewer at the point of 21.50 in 2 orders, 1 left"
        in (forget(sold, 3)["model 1"][1])
    )
    assert point_of(sold, 4, 1) == (1,)
    forget(sold, 4)
    assert point_of(sold, 4, 1) is None


def test_the_next_refresh_brings_back_only_who_is_still_in_the_table(sold):
    segmenter.fit(sold, SOURCE)
    refresh(sold)
    forget(sold, 50)
    refresh(sold)
    assert sold.execute(f"select count(*) from {SNAPSHOT}").fetchone() == (60,)
    forget(sold, 50)
    sold.execute("delete from sales where customer = 50")
    with Refresh(sold) as refreshing:
        assert not refreshing.prepare().is_full
        refreshing.store()
    live = sold.execute("from segments.customer_segments order by customer_id").fetchall()
    snapshot = "from segments.customer_segments_snapshot order by customer_id"
    assert sold.execute(snapshot).fetchall() == live
    assert len(live) == 59


def test_earlier_versions_are_told_by_the_rows_up_to_their_fit(sold):
    segmenter.fit(sold, DATED)
    first = point_of(sold, 50, 1)
    sold.execute("update segments_internal.models set fitted_at = timestamp '2024-03-01'")
    sold.execute("insert into sales values (50, 5000, '2024-04-01', 77.0)")
    segmenter.fit(sold, DATED)
    assert first == (1,)
    found = forget(sold, 50)
    assert found["model 1"][0] == found["model 2"][0] == 1
    assert found["model 1"][1].endswith("(as their rows up to the fit add up today)")
    assert (
        sold.execute(
            "select model_id, sum(customers) from segments_internal.model_points "
            "group by 1 order by 1"
        ).fetchall()
        == sold.execute(
            "select model_id, training_customers - 1 from segments_internal.models order by 1"
        ).fetchall()
    )


def test_what_is_not_known_is_said(sold):
    segmenter.fit(sold, SOURCE)
    segmenter.fit(sold, SOURCE, Settings(forget_points=True))
    sold.execute("insert into sales values (50, 5000, '2024-04-01', 77.0)")
    segmenter.fit(sold, SOURCE)
    found = forget(sold, 50)
    assert found["model 1"][0] == 0
    assert "at the fit they had another one, whose point stays, or none yet" in found["model 1"][1]
    assert found["model 2"] == (0, "keeps rules only and no points")
    assert found["model 3"][0] == 1


def test_whales_and_refunds_were_never_points(sold):
    sold.execute(
        "insert into sales values (77, 7000, '2024-01-01', 1e6), (78, 7001, '2024-01-01', -5)"
    )
    segmenter.fit(sold, SOURCE)
    assert forget(sold, 77)["model 1"] == (0, "learned nothing from them: they were a whale")
    assert forget(sold, 78)["model 1"] == (0, "learned nothing from them: they had no order")


def test_points_on_a_grid(sold):
    sold.execute(
        "insert into sales select 1000 + i, 10000 + i, '2024-01-01', 1000 + i * 1.37 "
        "from range(400) as t(i)"
    )
    model = segmenter.fit(sold, SOURCE, Settings(max_points=100))
    assert model.relative_step is not None
    before = sold.execute("select sum(customers) from segments_internal.model_points").fetchone()[0]
    assert forget(sold, 1100)["model 1"][0] == 1
    after = sold.execute("select sum(customers) from segments_internal.model_points").fetchone()[0]
    assert after == before - 1


def test_every_table_that_names_customers_is_seen(sold):
    segmenter.fit(sold, SOURCE)
    sold.execute(
        "create table segments.moves_of_june as "
        "select customer_id from segments_internal.transactions"
    )
    assert forget(sold, 50)["segments.moves_of_june"] == (6, "6 rows removed")


def test_who_is_not_there_cannot_be_forgotten(sold):
    segmenter.fit(sold, SOURCE)
    for customer, message in (
        ("999", "no customer 999: neither the snapshot nor sales has them"),
        ("x' or true --", "is no customer of this database: they are"),
    ):
        with pytest.raises(SegmenterError, match=message):
            forget(sold, customer)
    assert sold.execute(f"select count(*) from {SNAPSHOT}").fetchone() == (60,)


def test_the_table_may_be_gone(sold):
    segmenter.fit(sold, SOURCE)
    sold.execute("alter table sales rename to sold")
    found = forget(sold, 50)
    assert found["model 1"][0] == 1
    assert found["sales"][1].startswith("cannot be read now")


def test_points_models_name_nobody(sold):
    sold.execute(
        "create table counts as select 10.5 * i as monetary, i as frequency, "
        "2 as customers from range(1, 30) as t(i)"
    )
    segmenter.fit(sold, Source(points="counts"))
    with pytest.raises(SegmenterError, match="anonymous points, so no customer is stored"):
        forget(sold, 50)


def test_who_is_in_the_history_alone_is_forgotten_too(sold):
    segmenter.fit(sold, SOURCE)
    sold.execute("create table counts as from segments_internal.profile_points")
    segmenter.fit(sold, Source(points="counts"), replace=True)
    history = "select count(*) from segments.customer_segments_history where valid_to is not null"
    assert sold.execute(history).fetchall() == [(60,)]
    assert forget(sold, 50)[HISTORY] == (1, "1 row removed")
    assert sold.execute(history).fetchall() == [(59,)]
    with pytest.raises(SegmenterError, match="has no customer 50"):
        forget(sold, 50)


def test_text_ids_are_text(con):
    con.execute(
        "create table sales as select 'c-' || (i % 40) as customer, i as invoice, "
        "i * 1.5 as amount from range(400) as t(i)"
    )
    segmenter.fit(con, SOURCE)
    assert forget(con, "c-7")[SNAPSHOT] == (1, "1 row removed")


def test_who_is_excluded_by_now_still_leaves_the_points_of_before(sold):
    segmenter.fit(sold, SOURCE)
    sold.execute("create table internal as select 50 as customer")
    segmenter.fit(sold, Source(**SOURCE.as_dict() | {"exclude": "internal"}))
    found = forget(sold, 50)
    assert point_of(sold, 50, 1) is None
    assert found["model 1"][0] == 1
    assert found["model 2"] == (0, "left them out, if they were excluded by its fit already")
    assert found["sales"][1].startswith("still has 6 rows of them, which no view shows")


def test_forgetting_again_takes_nobody_else_off_the_points(sold):
    segmenter.fit(sold, SOURCE)
    forget(sold, 3)
    found = forget(sold, 3)
    assert found["models"][1].startswith("left as they are")
    assert point_of(sold, 4, 1) == (1,)
