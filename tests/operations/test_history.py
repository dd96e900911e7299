"""The history says what was published, and when, whatever happened; and why it changed."""

from __future__ import annotations

import random
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from itertools import pairwise

import duckdb
import pytest

from segmenter import InputError, Settings, fit
from segmenter.operations.forget import Forgetting
from segmenter.operations.models import pruned
from segmenter.operations.rollback import rollback
from segmenter.storage.publish import delete
from segmenter.workplace.place import OwnConnection
from tests.operations.test_refresh import CHANGES, SALES, make_sales, refresh

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


@pytest.mark.parametrize("why", WHY)
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


class Replay:
    """A base through random days; it keeps each list as it was published."""

    ACTS = ("refresh",) * 5 + ("refit", "rollback", "forget", "prune", "window")

    def __init__(self, con: duckdb.DuckDBPyConnection, seed: int) -> None:
        self.con = con
        self.random = random.Random(seed)
        self.source = SALES
        self.kept: list[tuple[datetime, dict]] = []
        self.forgotten: list[datetime] = []
        self.changes = 0
        make_sales(con)
        fit(con, SALES)
        self.published()

    def published(self) -> None:
        now = labels(self.con)
        before = self.kept[-1][1] if self.kept else {}
        self.changes += sum(now.get(customer) != was for customer, was in before.items())
        self.kept.append((newest(self.con), now))

    def day(self) -> None:
        for _ in range(self.random.randint(0, 5)):
            change = CHANGES[self.random.choice(sorted(CHANGES))]
            number = self.random.randint(0, 10_000)
            self.con.execute(change.format(c=self.random.randint(0, 90), n=number))
        if self.random.random() < 0.3:  # time goes on
            day = self.random.randint(1, 300)
            self.con.execute(
                f"insert into sales values (1, {day}, 5, timestamp '2024-02-01' + to_days({day}))"
            )
        getattr(self, self.random.choice(self.ACTS))()

    def refresh(self) -> None:
        refresh(self.con, full=self.random.random() < 0.2)
        self.published()

    def refit(self) -> None:
        settings = Settings(levels=self.random.randint(1, 3), n_init=1)
        with suppress(InputError):  # too few customers are left in the window
            fit(self.con, self.source, settings, publish=True)
            self.published()

    def window(self) -> None:
        window = self.random.choice([None, "6 months", "13 months"])
        self.source = replace(SALES, window=window)
        self.refit()

    def rollback(self) -> None:
        others = ask(self.con, "select model_id from segments.models where not is_current")
        if others:
            rollback(OwnConnection(self.con), self.random.choice(sorted(others))[0])
            self.published()

    def prune(self) -> None:
        delete(self.con, pruned(self.con, 2))

    def forget(self) -> None:
        customer = self.random.choice(sorted(labels(self.con)))
        forgetting = Forgetting(self.con)
        forgetting.prepare(str(customer))
        forgetting.store()
        self.changes -= sum(
            customer in before and after.get(customer) != before[customer]
            for (_, before), (_, after) in pairwise(self.kept)
        )
        for _, now in self.kept:
            now.pop(customer, None)
        self.forgotten.append(newest(self.con))
        assert ask(self.con, f"select * from {HISTORY} where customer_id = {customer}") == []

    def differences(self) -> list[str]:
        """Return in what the history is not what was published."""
        con, found = self.con, []
        for moment, now in self.kept:
            if history_at(con, moment) != now:
                found.append(f"the list of {moment}")
            if self._wanted_changes(now) != {
                customer: change for customer, (change, _) in changes_since(con, moment)[0].items()
            }:
                found.append(f"the changes since {moment}")
            if changes_since(con, moment)[1] != sum(at > moment for at in self.forgotten):
                found.append(f"who was forgotten since {moment}")
        if labels(con, f"select {LABELS} from {HISTORY} where valid_to is null") != labels(con):
            found.append("the list of now")
        overlaps = f"""
            select * from {HISTORY} as a inner join {HISTORY} as b
            on a.customer_id = b.customer_id and a.valid_from < b.valid_from
                and coalesce(a.valid_to, 'infinity') > b.valid_from
            """
        empty = f"select * from {HISTORY} where valid_from >= valid_to"
        gaps = f"""
            select * from {HISTORY} as a
            where valid_to is not null and (left_by is null) <> exists(
                select 1 from {HISTORY} as b
                where a.customer_id = b.customer_id and a.valid_to = b.valid_from
            )
            """
        for name, query in (("overlaps", overlaps), ("empty", empty), ("gaps", gaps)):
            if ask(con, query):
                found.append(name)
        over = ask(con, f"select count(*) from {HISTORY} where valid_to is not null")[0][0]
        if over != self.changes:
            found.append(f"{over} intervals are over, of {self.changes} changes")
        return [*found, *self._unbalanced()]

    def _wanted_changes(self, then: dict) -> dict[int, str]:
        now = self.kept[-1][1]
        return {
            customer: "entered"
            if customer not in then
            else "left"
            if customer not in now
            else "moved"
            for customer in then | now
            if then.get(customer) != now.get(customer)
        }

    def _unbalanced(self) -> list[str]:
        """Return the publications whose segments are not those before and who moved."""
        counted = {}
        for at, *row in ask(
            self.con,
            "select published_at, segment, customers, moved_in, moved_out "
            "from segments_internal.published_segments order by published_at",
        ):
            counted.setdefault(at, {})[row[0]] = row[1:]
        steps = sorted(counted)
        return [
            f"{later}, {segment}"
            for earlier, later in pairwise(steps)
            if not any(earlier < at < later for at in self.forgotten)
            for segment, (customers, came, went) in counted[later].items()
            if customers != counted[earlier].get(segment, [0])[0] + came - went
        ]


def replayed(seed: int) -> list[str]:
    with duckdb.connect(config={"threads": 1}) as con:
        replay = Replay(con, seed)
        for _ in range(8):
            replay.day()
        return replay.differences()


@pytest.mark.parametrize("seed", range(4))
def test_the_history_is_what_was_published(seed):
    assert replayed(seed) == []


@pytest.mark.extended
def test_the_history_is_what_was_published_in_many_replays():
    found = {seed: replayed(seed) for seed in range(1_000, 1_300)}
    assert {seed: wrong for seed, wrong in found.items() if wrong} == {}
