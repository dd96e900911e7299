"""Readers beside whoever publishes: none fails, each sees one publication; what is said of it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import duckdb
import pytest

from tests.cli.test_waiting import HOLD
from tests.datasets import SHOP

pytestmark = pytest.mark.slow

FIT = (
    "--transactions", "sales", "--customer", "customer_id", "--amount", "amount",
    "--order", "order_id", "--date", "sold_at", "--publish", "--quiet",
)  # fmt: skip

STATE = """
    select
        (select published_at::varchar || ' ' || model_id from segments.publication) as publication,
        (select model_id from segments.current_model) as model_id,
        (select sum(hash(c)) from segments.customer_segments as c) as customers,
        (select count(*) from segments.customer_profile) as profiles,
        (select sum(customers) from segments.segment_summary) as in_segments,
        (select string_agg(segment, ',' order by segment) from segments.segment_summary) as names,
        (select count(distinct classify_segment(monetary, frequency) = segment)
            from segments.customer_segments) as words
"""

READER = """
import duckdb, sys
path, query = sys.argv[1:]
while True:
    try:
        con = duckdb.connect(path, read_only=True)
        first = con.execute(query).fetchall()
        second = con.execute(query).fetchall()
        con.close()
        print(first == second, "|".join(map(str, first[0])), flush=True)
    except Exception as error:
        print("error", error, flush=True)
"""


@pytest.fixture
def shop_file(fitted_file):
    return fitted_file(SHOP, *FIT)


class Readers:
    """Processes and shells that read a file all the time, and what they saw."""

    def __init__(self, path: Path, processes: int) -> None:
        self.seen: list[list[str]] = [[] for _ in range(processes + 1)]
        self._path, self._end = path, threading.Event()
        query = " ".join(STATE.split())
        self._processes = [
            subprocess.Popen(
                [sys.executable, "-c", READER, path, query], stdout=subprocess.PIPE, text=True
            )
            for _ in range(processes)
        ]
        self._threads = [
            threading.Thread(target=self._listen, args=[process, seen])
            for process, seen in zip(self._processes, self.seen, strict=False)
        ]
        self._threads.append(threading.Thread(target=self._ask_the_shell, args=[query]))
        for thread in self._threads:
            thread.start()

    def _listen(self, process, seen):
        for line in process.stdout:
            seen.append(line.rstrip("\n"))

    def _ask_the_shell(self, query):
        shell = Path(sys.executable).parent / "duckdb"
        words = [shell, "-readonly", "-list", "-noheader", self._path, query]
        while not self._end.is_set():
            done = subprocess.run(words, capture_output=True, text=True, check=False)
            self.seen[-1].append(f"True {done.stdout.strip()}" if done.stdout else done.stderr)

    def wait_for_more(self, limit=300.0):
        """Wait until each has begun and ended a read since now."""
        wanted = [len(seen) + 2 for seen in self.seen]
        started = time.monotonic()
        while any(len(seen) < count for seen, count in zip(self.seen, wanted, strict=True)):
            assert time.monotonic() - started < limit, [seen[-1:] for seen in self.seen]
            time.sleep(0.01)

    def stop(self):
        self._end.set()
        for process in self._processes:
            process.kill()
        for thread in self._threads:
            thread.join()
        for process in self._processes:
            process.communicate()


def state(path):
    with duckdb.connect(str(path), read_only=True) as con:
        return "True " + "|".join(map(str, con.execute(STATE).fetchone()))


def verbs(shop, to):
    """Each writing verb with its publication; sales change between them."""
    publish = ("--to", to, "--quiet")
    yield ("fit", shop, *FIT, "--levels", "1", *publish[:2])
    yield ("refresh", shop, *publish)
    yield ("rollback", shop, "1", *publish)
    yield ("publish", shop, *publish)


def read_beside(run, shop, to, rounds, processes):
    """Publish beside readers; return what they read and what was published."""
    assert run("publish", shop, "--to", to, "--quiet").code == 0
    published = [state(to)]
    readers = Readers(to, processes)
    try:
        for number in range(rounds):
            for place, words in enumerate(verbs(shop, to)):
                with duckdb.connect(str(shop)) as con:
                    row = [1000 + number, 9000 + 10 * number + place]
                    con.execute("insert into sales values ($1, $2, 70, '2024-05-01')", row)
                ended = run(*words)
                assert ended.code == 0, ended.err
                published.append(state(to))
                readers.wait_for_more()
    finally:
        readers.stop()
    return readers.seen, published


@pytest.mark.extended
def test_readers_see_one_publication_each_and_no_error(run, shop_file, tmp_path):
    seen, published = read_beside(run, shop_file, tmp_path / "bi.duckdb", 1, 2)
    assert len(set(published)) == len(published) == 5
    for reader in seen:
        assert set(reader) <= set(published)
        assert set(reader) == set(published)
    assert sorted(os.listdir(tmp_path)) == ["bi.duckdb", "shop.duckdb"]


@pytest.mark.extended
def test_readers_for_minutes(run, shop_file, tmp_path):
    rounds = int(os.environ.get("SEGMENTER_READER_ROUNDS", "20"))
    seen, published = read_beside(run, shop_file, tmp_path / "bi.duckdb", rounds, 4)
    print(f"{sum(map(len, seen))} reads of {len(published)} publications")
    for reader in seen:
        assert set(reader) <= set(published)


def test_what_is_said(run, shop_file, tmp_path):
    to = tmp_path / "bi.duckdb"
    done = run("publish", shop_file, "--to", to)
    assert done.code == 0, done.err
    assert f"Publishing to {to}: model 1, " in done.err
    assert re.search(r"[\d,]+ rows of \d+ objects", done.err)
    assert "customer_segments" in done.out
    assert run("publish", shop_file, "--to", to, "--quiet", "--format", "csv").out.startswith(
        "object,rows\n"
    )
    assert run("publish", shop_file).code == 2


def test_nobody_waits_for_a_reader_of_the_publication_and_it_for_nobody(run, shop_file, tmp_path):
    to = tmp_path / "bi.duckdb"
    assert run("publish", shop_file, "--to", to, "--quiet").code == 0
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, to, "reading"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as reader:
        assert reader.stdout.readline() == b"open\n"
        for words in verbs(shop_file, to):
            assert run(*words).code == 0
        reader.communicate()


@pytest.mark.parametrize("busy", ["shop.duckdb", "bi.duckdb"])
def test_a_file_that_somebody_writes_is_waited_for(run, shop_file, tmp_path, busy):
    to = tmp_path / "bi.duckdb"
    assert run("publish", shop_file, "--to", to, "--quiet").code == 0
    before = to.read_bytes()
    words = [sys.executable, "-c", HOLD, tmp_path / busy, "writing"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        assert writer.stdout.readline() == b"open\n"
        done = run("publish", shop_file, "--to", to, "--wait", "0.1")
        writer.communicate()
    assert done.code == 4
    assert f"{busy} is open in another program after 0.1 s" in done.err
    assert to.read_bytes() == before


def test_the_place_is_looked_at_before_any_work(run, shop_file, tmp_path):
    (tmp_path / "theirs.duckdb").write_text("precious")
    before = shop_file.read_bytes()
    for words in verbs(shop_file, tmp_path / "theirs.duckdb"):
        if words[0] == "rollback":
            continue  # there is one model
        done = run(*words)
        assert done.code == 2
        assert "theirs.duckdb is not a DuckDB file" in done.err
    assert shop_file.read_bytes() == before


def test_what_is_stored_is_said_when_publishing_it_fails(run, shop_file, tmp_path, monkeypatch):
    to = tmp_path / "bi.duckdb"
    assert run("publish", shop_file, "--to", to, "--quiet").code == 0
    before = to.read_bytes()

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("segmenter.workplace.placing.move", full)
    done = run("refresh", shop_file, "--to", to)
    assert done.code == 2
    assert f"{to} cannot be written: No space left on device" in done.err
    assert f"The result is stored all the same: in {shop_file} the snapshot is up to date" in (
        done.err
    )
    assert to.read_bytes() == before
    assert sorted(os.listdir(tmp_path)) == ["bi.duckdb", "shop.duckdb"]
