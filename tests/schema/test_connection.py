"""Transactions: what is said of a commit that fails."""

from __future__ import annotations

import duckdb
import pytest

from segmenter import SegmenterError
from segmenter.cli.parameters import in_options
from segmenter.errors import BusyError
from segmenter.schema.connection import transaction


class FailingCommit:
    """A connection whose disk fails while it commits."""

    def __init__(self, con, error):
        self.con, self.error = con, error

    def execute(self, statement, *parameters):
        if statement == "commit":
            raise self.error
        return self.con.execute(statement, *parameters)


def committed(con, error):
    with pytest.raises(SegmenterError) as failed, transaction(FailingCommit(con, error)):
        con.execute("create table t (a integer)")
    return failed.value


def test_a_commit_that_lost_its_file_may_be_stored_or_not():
    with duckdb.connect() as con:
        con.execute("create schema segments; create table segments.models (model_id integer)")
        said = str(committed(con, duckdb.FatalException("FATAL Error: fsync failed!")))
        assert said == (
            "DuckDB lost its hold on the file while it stored the result (FATAL Error: fsync "
            "failed!) So the result may be stored or not: look at what is there, with select * "
            "from segments.models, and do it again where it is missing."
        )
        assert con.execute("select * from segments.models").fetchall() == []
    assert "with segmenter models DB, and do it again" in in_options(said)


def test_a_fatal_error_before_the_commit_is_the_engines_own():
    with duckdb.connect() as con:
        error = duckdb.FatalException("FATAL Error: invalidated")
        with pytest.raises(duckdb.FatalException), transaction(con):
            raise error


def test_a_commit_that_cannot_be_written_did_not_happen():
    error = duckdb.TransactionException("TransactionContext Error: Could not write file x: no room")
    with duckdb.connect() as con:
        said = str(committed(con, error))
        assert said.endswith("See that its disk has room and works, then try again.")
        assert con.execute("select count(*) from duckdb_tables()").fetchall() == [(0,)]


def test_a_conflict_is_somebody_elses():
    error = duckdb.TransactionException("TransactionContext Error: Conflict on t!")
    with duckdb.connect() as con:
        assert isinstance(committed(con, error), BusyError)
