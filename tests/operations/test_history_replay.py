"""The history of a base through random days is what was published, day by day."""

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
from tests.operations.test_history import (
    HISTORY,
    LABELS,
    ask,
    changes_since,
    history_at,
    labels,
    newest,
)
from tests.operations.test_refresh import CHANGES, SALES, make_sales, refresh


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
