"""Serving over DuckDB's remote protocol: who asks reads what is published, and nothing else.

Its extension comes as a package for one version of DuckDB; the gate runs this file with that one.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import duckdb
import pytest

import segmenter
from segmenter import Settings
from segmenter.errors import SegmenterError
from segmenter.schema.extensions import load_extension
from segmenter.schema.files import TABLES
from tests.clients.test_lake import SALES
from tests.datasets import SHOP

ROOT = Path(__file__).parent.parent.parent
TOKEN = "a-token-of-this-test"
PROGRAM = "import sys; from segmenter.cli import main; sys.argv[0] = 'segmenter'; main()"


@pytest.fixture(scope="module", autouse=True)
def _extensions():
    with duckdb.connect() as con:
        try:
            for name in ("httpfs", "quack"):
                load_extension(con, name)
        except SegmenterError as error:
            pytest.skip(f"the extension of the remote protocol is not here: {error}")


def free_port():
    with socket.socket() as one:
        one.bind(("localhost", 0))
        return one.getsockname()[1]


class Served:
    """A database, and the program that serves it."""

    def __init__(self, folder, *words):
        self.path = folder / "shop.duckdb"
        self.temporary = folder / "temporary"
        self.temporary.mkdir()
        with duckdb.connect(str(self.path)) as con:
            con.execute(SHOP)
        self.db = segmenter.open(self.path, wait=60)
        self.db.fit(SALES)
        self.port = free_port()
        self.start(*words)

    def start(self, *words):
        self.process = self.call(*words)
        self.said = [self.process.stdout.readline() for _ in range(3)]

    def call(self, *words):
        return subprocess.Popen(
            [sys.executable, "-c", PROGRAM, "serve", self.path, "--port", str(self.port), *words],
            env=os.environ
            | {
                "SEGMENTER_TOKEN": TOKEN,
                "PYTHONPATH": str(ROOT),
                "TMPDIR": str(self.temporary),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def client(self, token=TOKEN):
        con = duckdb.connect()
        for name in ("httpfs", "quack"):
            load_extension(con, name)
        con.execute(f"attach 'quack:localhost:{self.port}' as shop (token '{token}')")
        return con

    def writing(self):
        """Open the file as soon as the server does not copy from it."""
        for _ in range(1000):
            try:
                return duckdb.connect(str(self.path))
            except duckdb.IOException:
                time.sleep(0.05)
        raise AssertionError("the server keeps the file")

    def ask(self, query):
        with self.client() as con:
            return con.execute("from shop.query(?)", [query]).fetchall()

    def end(self):
        self.process.send_signal(signal.SIGINT)
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, out, err


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    served = Served(tmp_path_factory.mktemp("served"))
    yield served
    if served.process.poll() is None:
        served.process.kill()
    served.process.communicate()


STATE = (
    "select (select model_id from segments.publication), (select count(*) from "
    "segments.customer_segments), (select sum(customers) from segments.segment_summary), "
    "(select round(sum(revenue)) from segments.segment_summary)"
)


def test_every_view_answers_as_it_does_here(served, tmp_path):
    served.db.publish(tmp_path / "bi.duckdb")
    with duckdb.connect(str(tmp_path / "bi.duckdb"), read_only=True) as con, served.client() as far:
        names = [
            name
            for (name,) in con.execute(
                "select table_name from information_schema.tables where table_schema = 'segments'"
            ).fetchall()
        ]
        assert {"customer_segments", "next_actions", "drift", "models"} <= set(names)
        for name in names:
            if name == "publication":
                continue
            here = con.execute(f"from segments.{name} order by all").fetchall()
            there = far.execute(f"from shop.segments.{name} order by all").fetchall()
            assert repr(there) == repr(here), name
        words = "select segments.classify_segment(900, 9), explain_segment(900, 9)"
        expected = con.execute(words).fetchall()
        assert far.execute("from shop.query(?)", [words]).fetchall() == expected


REFUSED = (
    "insert into segments.segment_summary values (1)",
    "delete from segments.customer_segments",
    "create table segments.mine as select 1 as i",
    "create temp table mine as select 1 as i",
    "create or replace view segments.segment_summary as select 1 as i",
    "create or replace macro main.may_run(a, b) as true",
    "drop view segments.segment_summary",
    "select 1; drop view segments.segment_summary",
    "attach '/tmp/other.duckdb' as other",
    "detach publication_1",
    "copy (select 1) to '/tmp/served.csv'",
    "set memory_limit = '1GB'",
    "set global quack_authorization_function = 'quack_nop_authorization'",
    "use publication_1",
    "checkpoint",
    "install httpfs",
    "call quack_stop('quack:localhost:9494')",
    "from quack_stop('quack:localhost:9494')",
    "select (select count(*) from quack_stop('quack:localhost:9494'))",
    "with x as (from quack_server_list()) from x",
    "from query('from range(3)')",
    "from read_csv('/etc/passwd')",
    "from read_text('/etc/passwd')",
    "from '/etc/passwd'",
    "from glob('/*')",
    "from duckdb_secrets()",
    "from duckdb_settings()",
    "this is no sql",
)


@pytest.mark.parametrize("query", REFUSED)
def test_nobody_does_anything_but_read(served, query):
    before = served.ask(STATE)
    with pytest.raises(
        duckdb.Error, match=r"Authorization failed|disabled by configuration|does not exist"
    ):
        served.ask(query)
    assert served.ask(STATE) == before


def test_other_schemas_are_not_there(served):
    for table in [*(f"segments_internal.{name}" for name in TABLES), "main.sales", "sales"]:
        with pytest.raises(duckdb.Error, match="does not exist"):
            served.ask(f"from {table}")


def test_nobody_writes_past_the_queries(served):
    """Rows that a client appends ask nobody's leave: there must be nothing to append to."""
    before = served.ask(STATE)
    with served.client() as con:
        for target in ("shop.segments.segment_summary", "shop.segments.publication"):
            with pytest.raises(duckdb.Error):
                con.execute(f"insert into {target} from {target}")
    assert served.ask(STATE) == before


def test_a_wrong_token_is_refused(served):
    with pytest.raises(duckdb.Error, match="Authentication failed"):
        served.client("a-wrong-token")


def test_what_is_said_works_in_a_client(served):
    assert served.said[0] == "install quack; load quack;\n"
    with duckdb.connect() as con:
        for name in ("httpfs", "quack"):
            load_extension(con, name)
        con.execute(served.said[1])
        assert con.execute(served.said[2]).fetchall() == served.ask("from segments.segment_summary")


def test_a_port_that_is_taken_is_a_sentence(served):
    second = served.call("--for", "1s")
    _, err = second.communicate(timeout=120)
    assert second.returncode == 2
    assert f"port {served.port} of this machine is taken" in err
    assert f"--port {served.port + 1}" in err
    assert "Traceback" not in err


def test_each_answer_is_of_one_publication_while_others_work(served):
    """A client asks in a loop beside inserts, refreshes, fits and a rollback: no error."""
    db, seen, errors, done = served.db, [], [], threading.Event()

    def state():
        with duckdb.connect(str(served.path), read_only=True) as con:
            return con.execute(
                "select (select model_id from segments_internal.models where is_current), "
                "(select count(*) from segments.customer_segments), (select sum(customers) from "
                "segments.segment_summary), (select round(sum(revenue)) from "
                "segments.segment_summary)"
            ).fetchone()

    def ask():
        with served.client() as con:
            while not done.is_set():
                try:
                    seen.append(con.execute("from shop.query(?)", [STATE]).fetchone())
                except duckdb.Error as error:
                    errors.append(str(error))

    asking = threading.Thread(target=ask)
    asking.start()
    published = [state()]
    try:
        for step in range(3):
            with served.writing() as con:
                con.execute(
                    "insert into sales select customer_id, 10, order_id + $1, sold_at from sales "
                    "limit 50",
                    [1_000_000 * (step + 1)],
                )
            published.append(state())
            db.refresh()
            db.fit(SALES, Settings(levels=1 + step % 2), publish=True)
            published.append(state())
        db.rollback(1)
        published.append(state())
        deadline = time.monotonic() + 60
        while seen[-1:] != published[-1:] and time.monotonic() < deadline:
            time.sleep(0.1)
    finally:
        done.set()
        asking.join()
    assert errors == []
    assert seen[-1] == published[-1]
    assert set(seen) <= set(published)
    assert len(set(seen)) > 2


def test_it_refreshes_by_itself_and_ctrl_c_leaves_nothing(tmp_path):
    served = Served(tmp_path, "--refresh-every", "1s")
    log = "select count(*) from segments.publishing_log where event = 'refresh'"
    deadline = time.monotonic() + 300
    while served.ask(log) == [(0,)] and time.monotonic() < deadline:
        time.sleep(0.2)
    assert served.ask(log) > [(0,)]
    code, out, err = served.end()
    assert (code, out) == (0, "")
    assert "note:" not in err
    assert err.splitlines()[-1].strip() == "The server has ended."
    left = [each for each in served.temporary.iterdir() if each.name.startswith(".segmenter-")]
    assert left == []
    with duckdb.connect(str(served.path)) as con:  # nobody holds it
        assert con.execute("select count(*) from segments.models").fetchone() == (1,)


def test_it_ends_in_time(tmp_path):
    served = Served(tmp_path, "--for", "1s")
    out, _ = served.process.communicate(timeout=300)
    assert (served.process.returncode, out) == (0, "")


def test_a_file_that_somebody_writes_is_busy(tmp_path):
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute(SHOP)
        segmenter.fit(con, SALES)
        words = [sys.executable, "-c", PROGRAM, "serve", path, "--for", "1s"]
        done = subprocess.run(
            words, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True
        )
    assert done.returncode == 4
    assert "--wait" in done.stderr
