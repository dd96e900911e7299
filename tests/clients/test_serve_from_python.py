"""``with db.serve() as served:``: what the command does, and a block that goes on at once."""

from __future__ import annotations

import threading

import duckdb
import pytest

import segmenter
from segmenter import InputError, SegmenterError, Settings
from segmenter.schema.extensions import load_extension
from tests.clients.test_lake import SALES
from tests.clients.test_serve import free_port
from tests.datasets import SHOP

STATE = "select model_id, customers from segments.publication"


@pytest.fixture
def db(tmp_path):
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as con:
        con.execute(SHOP)
    db = segmenter.open(tmp_path / "shop.duckdb")
    db.fit(SALES)
    return db


@pytest.fixture
def extensions():
    with duckdb.connect() as con:
        try:
            for name in ("httpfs", "quack"):
                load_extension(con, name)
        except SegmenterError as error:
            pytest.skip(f"the extension of the remote protocol is not here: {error}")


def ask(served, query=STATE):
    with duckdb.connect() as con:
        for name in ("httpfs", "quack"):
            load_extension(con, name)
        con.execute(served.statements[1])
        return con.execute("from shop.query(?)", [query]).fetchall()


@pytest.mark.usefixtures("extensions")
def test_a_block_serves_what_is_published_in_it_and_follows_others(db, tmp_path):
    port = free_port()
    with db.serve(port=port) as served:
        assert ask(served) == [(1, 60)] == [(served.publication.model_id, 60)]
        assert len(served.token) > 20
        db.fit(SALES, Settings(levels=1), publish=True)
        assert ask(served) == [(1, 60)], "as of the last publication"
        assert served.publish().model_id == served.publication.model_id == 2
        assert ask(served) == [(2, 60)]
        db.rollback(1)
        served.follow(seconds=1)
        assert ask(served) == [(1, 60)], "a change from before it followed"
        with pytest.raises(InputError, match=f"port {port} of this machine is taken"):
            db.serve(port=port).__enter__()
        with duckdb.connect(str(tmp_path / "shop.duckdb")) as con:
            con.execute("insert into sales values (1000, 9000, 70, '2024-05-01')")
        log = "select count(*) from segments.publishing_log where event = 'refresh'"
        for _ in range(40):  # a busy machine begins none in the first seconds
            served.follow(seconds=2.5, refresh_every=1)
            if ask(served, log) > [(0,)]:
                break
        assert ask(served, log) > [(0,)]
        assert ask(served) == [(1, 61)]
        with pytest.raises(InputError, match="seconds must be a second or more, not 0"):
            served.follow(seconds=0)
    with pytest.raises(duckdb.Error):
        ask(served)
    with duckdb.connect(str(tmp_path / "shop.duckdb")):
        pass  # nobody holds it


@pytest.mark.usefixtures("extensions")
def test_ctrl_c_ends_what_follows_and_a_failure_is_a_warning(db, tmp_path, monkeypatch):
    from segmenter.operations import serve

    looked = threading.Event()

    def pause(_):
        if looked.is_set():
            raise KeyboardInterrupt
        looked.set()
        (tmp_path / "shop.duckdb").rename(tmp_path / "gone.duckdb")

    with db.serve(port=free_port(), token="a-token-of-this-test") as served:
        monkeypatch.setattr(serve.time, "sleep", pause)
        with pytest.warns(UserWarning, match="what was published before is served on"):
            served.follow()
        monkeypatch.undo()
        assert ask(served) == [(1, 60)]
        assert "'a-token-of-this-test'" in served.statements[1]


def test_what_cannot_be_served_is_refused_before_anything_starts(db, tmp_path, con):
    for port in (0, 65536, "9494"):
        with pytest.raises(InputError, match="port must be a whole number from 1 to 65535"):
            db.serve(port=port).__enter__()
    for token in ("short", "with a space", "with'quote", ""):
        with pytest.raises(InputError, match="token must have eight or more letters and digits"):
            db.serve(token=token).__enter__()
    with pytest.raises(InputError, match="a connection is not served"):
        segmenter.open(con).serve().__enter__()
    with pytest.raises(SegmenterError, match="there is no database"):
        segmenter.open(tmp_path / "none.duckdb").serve().__enter__()


@pytest.mark.usefixtures("extensions")
def test_what_is_read_only_is_served_and_not_refreshed(db, tmp_path):
    reading = segmenter.open(tmp_path / "shop.duckdb", read_only=True)
    with (
        reading.serve(port=free_port()) as served,
        pytest.raises(SegmenterError, match="was opened read-only"),
    ):
        served.follow(refresh_every=900)
