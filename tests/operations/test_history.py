"""The history says what was published, and when, whatever happened; and why it changed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from segmenter import Settings, fit
from segmenter.operations.forget import Forgetting
from segmenter.operations.rollback import rollback
from segmenter.workplace.place import OwnConnection
from tests.combinations import first_in_gate
from tests.operations.test_refresh import SALES, make_sales, refresh

HISTORY = "segments.customer_segments_history"
LABELS = "customer_id, segment, lifecycle, is_whale"


def ask(con, query, *parameters):
    return con.execute(query, list(parameters)).fetchall()


def labels(con, query=f"select {LABELS} from segments.customer_segments_snapshot"):
    return {customer: rest for customer, *rest in ask(con, query)}


def history_at(con, moment):
    return labels(
        con,
        f"select {LABELS} from {HISTORY} where valid_from <= timestamp '{moment}' "
        f"and (valid_to is null or valid_to > timestamp '{moment}')",
    )


def newest(con):
    return ask(con, "select max(published_at) from segments.publishing_log")[0][0]


def changes_since(con, moment):
    """Return change and why of each customer, and how many were forgotten."""
    rows = ask(
        con,
        "select customer_id, change, changed_by, customers "
        f"from segments.customer_changes(timestamp '{moment}')",
    )
    forgotten = sum(count for _, _, why, count in rows if why == "forgotten")
    return {row[0]: row[1:3] for row in rows if row[2] != "forgotten"}, forgotten


@pytest.fixture
def shop(con):
    make_sales(con)
    fit(con, SALES)
    return con


def test_a_first_fit_writes_no_history_and_a_refresh_what_changed(shop):
    assert ask(shop, "select count(*) from segments_internal.customer_segments_history") == [(0,)]
    first = newest(shop)
    before = labels(shop)
    shop.execute("insert into sales values (3, 9001, 99999, timestamp '2024-01-25')")
    refresh(shop)
    assert ask(shop, f"select * from {HISTORY} where customer_id = 3 order by valid_from") == [
        (3, "At-Risk", before[3][1], False, 1, first, newest(shop), "first", None),
        (3, *labels(shop)[3], 1, newest(shop), None, "own spend", None),
    ]
    assert ask(shop, f"select count(*) from {HISTORY} where customer_id <> 3") == [(79,)]
    assert history_at(shop, first) == before
    assert changes_since(shop, first) == ({3: ("moved", "own spend")}, 0)
    refresh(shop)
    assert ask(shop, "select count(*) from segments_internal.customer_segments_history") == [(1,)]
    assert ask(shop, "select event, customers from segments.publishing_log order by 1") == [
        ("fit", 80), ("refresh", 80), ("refresh", 80),
    ]  # fmt: skip


WHY = {
    "own spend": "insert into sales values (3, 9001, 99999, timestamp '2024-01-25')",
    "refund": "insert into sales values (75, null, -9999, timestamp '2024-01-25')",
    "correction": "delete from sales where customer = 75 and sold_at > timestamp '2024-01-05'",
    "time": "insert into sales values (75, 9001, 1, timestamp '2024-09-25')",
}


@first_in_gate("why", WHY, first=2)
def test_why_a_customer_moved(shop, why):
    since = newest(shop)
    shop.execute(WHY[why])
    refresh(shop)
    found, _ = changes_since(shop, since)
    if why == "time":  # 75 came again, for the others time passed
        assert found.pop(75) == ("moved", "own spend")
        assert len(found) == 9
    else:
        assert len(found) == 1
    assert set(found.values()) == {("moved", why)}


def test_why_a_customer_entered_or_left(shop):
    since = newest(shop)
    shop.execute("insert into sales values (900, 9001, 20, timestamp '2024-01-25')")
    shop.execute("insert into sales values (901, 9002, -20, timestamp '2024-01-25')")
    shop.execute("delete from sales where customer = 5")
    refresh(shop)
    assert changes_since(shop, since)[0] == {
        900: ("entered", "own spend"),
        901: ("entered", "refund"),
        5: ("left", "correction"),
    }


def test_what_a_time_window_loses(con):
    make_sales(con)
    con.execute(  # refunds alone: they have no last order
        "insert into sales select 7000 + i, 8000 + i, -5, timestamp '2024-01-02' "
        "from range(3) as t(i)"
    )
    fit(con, replace(SALES, window="2 months"))
    since = newest(con)
    con.execute(
        "insert into sales select 75, 9000 + i, 200, timestamp '2024-03-05' + to_hours(i::int) "
        "from range(3) as t(i)"
    )
    refresh(con)
    found, _ = changes_since(con, since)
    lost = {customer for customer, change in found.items() if change == ("left", "window")}
    (span,) = ask(con, "select max(sold_at) - interval 2 months from sales")
    gone = "select customer from sales group by 1 having max(sold_at) <= $1"
    assert lost == {row[0] for row in ask(con, gone, *span)}
    assert len(lost) > 10


def test_a_refit_is_why_only_where_the_version_before_would_have_left_them(shop):
    since = newest(shop)
    shop.execute("insert into sales values (3, 9001, 99999, timestamp '2024-01-25')")
    shop.execute("insert into sales values (900, 9002, 20, timestamp '2024-01-25')")
    fit(shop, SALES, Settings(levels=1), publish=True)
    found, _ = changes_since(shop, since)
    assert found.pop(3) == ("moved", "own spend")
    assert found.pop(900) == ("entered", "own spend")
    assert set(found.values()) == {("moved", "refit")}
    assert len(found) > 5
    between = newest(shop)
    rollback(OwnConnection(shop), 1)
    assert set(changes_since(shop, between)[0].values()) == {("moved", "refit")}
    assert set(changes_since(shop, since)[0]) == {3, 900}  # the others are where they were
    fit(shop, replace(SALES, where="customer < 20"), replace=True, publish=True)
    assert changes_since(shop, since)[0][75] == ("left", "refit")


def test_who_is_forgotten_is_a_count_and_nothing_else(shop):
    since = newest(shop)
    shop.execute("insert into sales values (3, 9001, 99999, timestamp '2024-01-25')")
    refresh(shop)
    work = Forgetting(shop)
    work.prepare("3")
    work.store()
    assert changes_since(shop, since) == ({}, 1)
    assert ask(shop, "select event, customers, forgotten from segments.publishing_log")[-1] == (
        "forget", 79, 1,
    )  # fmt: skip
    assert 3 not in history_at(shop, since)


def test_the_only_customer_of_a_segment_leaves_no_revenue(con):
    make_sales(con)
    fit(con, SALES, Settings(n_neighbors=1))
    con.execute("delete from sales where customer in (71, 72, 73, 74, 75, 76, 77, 78, 79)")
    refresh(con)
    alone = "select customer_id from segments.customer_segments_snapshot where segment = 'Elite'"
    assert ask(con, alone) == [(70,)]
    revenue = "select revenue from segments.segment_history where segment = 'Elite'"
    assert ask(con, revenue)[0][0] > 0
    work = Forgetting(con)
    work.prepare("70")
    work.store()
    assert ask(con, revenue) == [(None,)]


def test_customers_of_another_type_are_texts_in_the_history(shop):
    before = labels(shop)
    since = newest(shop)
    shop.execute(
        "create table other as select 'c' || customer as customer, invoice, amount, sold_at "
        "from sales"
    )
    fit(shop, replace(SALES, transactions="other"), replace=True, publish=True)
    assert history_at(shop, since) == {str(customer): was for customer, was in before.items()}
    assert set(history_at(shop, newest(shop))) == {f"c{customer}" for customer in before}
    changes, _ = changes_since(shop, since)
    assert changes["3"] == ("left", "refit")
    assert changes["c3"] == ("entered", "refit")
    fit(shop, SALES, replace=True, publish=True)
    assert history_at(shop, newest(shop)) == {
        str(customer): was for customer, was in before.items()
    }


def test_months_without_a_publication_go_on_as_the_one_before(shop):
    refresh(shop)
    for table, column in (
        ("publishing_log", "published_at"),
        ("published_segments", "published_at"),
    ):
        shop.execute(
            f"update segments_internal.{table} set {column} = {column} - interval 3 months "
            f"where {column} < (select max({column}) from segments_internal.{table})"
        )
    found = ask(shop, "select month, segment, customers, revenue from segments.segment_history")
    assert len(found) == 12
    assert len({month for month, *_ in found}) == 4
    assert len({tuple(rest) for _, *rest in found}) == 3
    assert found[0][1] == "Elite"
