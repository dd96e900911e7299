"""Signals around a commit: before it nothing is stored, after it all is, and that is said."""

from __future__ import annotations

import os
import signal

import duckdb
import pytest

from segmenter import stopping
from segmenter.schema.connection import transaction


@pytest.fixture
def listening():
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    stopping.listen()
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


class Engine:
    """DuckDB, with a signal in the middle of the commit."""

    def __init__(self, con, number):
        self.con, self.number = con, number

    def execute(self, statement):
        if statement == "commit":
            os.kill(os.getpid(), self.number)
        return self.con.execute(statement)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_within_a_commit_is_noted_and_what_is_stored_is_known(con, listening, number):
    with (
        stopping.commits_mean("in shop.duckdb the table is there"),
        transaction(Engine(con, number)),
    ):
        con.execute("create table here as select 1 as a")
    assert stopping.stored() == "in shop.duckdb the table is there"
    assert con.execute("from here").fetchall() == [(1,)]
    with pytest.raises(KeyboardInterrupt):
        stopping.check()


def test_a_wish_that_came_before_the_commit_is_heeded(con, listening):
    def store():
        with stopping.commits_mean("stored"), transaction(con):
            con.execute("create table here as select 1 as a")
            with stopping.held():
                os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        store()
    assert stopping.stored() == ""
    with pytest.raises(duckdb.CatalogException):
        con.execute("from here")


def test_a_commit_into_a_draft_means_nothing(con, listening):
    with transaction(con):
        con.execute("create table here as select 1 as a")
    assert stopping.stored() == ""
