"""A database that others have open: they read meanwhile, and whoever writes waits or is told."""

from __future__ import annotations

import subprocess
import sys

import duckdb
import pytest

import segmenter
from segmenter import BusyError, SegmenterError


def test_others_read_while_a_verb_works(db, path, sales, monkeypatch):
    """Another process asks in the middle of a fit, and the file is free between two calls."""
    from segmenter.operations import fit as fitting

    train, seen = fitting.train, []
    code = "import duckdb, sys; print(duckdb.connect(sys.argv[1], read_only=True).execute("
    code += "'select count(*) from segments.models').fetchone()[0])"

    def look(*given):
        made = train(*given)
        done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True)
        seen.append(done.stdout.strip())
        return made

    monkeypatch.setattr(fitting, "train", look)
    db.fit(sales)
    assert seen == [b"1"]
    with duckdb.connect(str(path)) as con:
        assert con.execute("select count(*) from segments.models").fetchone() == (2,)


def test_a_file_in_use_is_busy_and_one_can_wait(db, path, sales):
    code = (
        "import duckdb, sys, time\n"
        "con = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    )
    words = [sys.executable, "-c", code, str(path)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        holder.stdout.readline()
        with pytest.raises(BusyError, match="wait = "):
            db.segments()
        holder.stdin.close()
        assert len(segmenter.open(path, wait=60).segments()) == 3


def test_read_only_refuses_what_writes(db, path, sales):
    reader = segmenter.open(path, read_only=True)
    assert len(reader.segments()) == 3
    before = path.read_bytes()
    for verb in (
        lambda: reader.fit(sales),
        lambda: reader.refresh(),
        lambda: reader.rollback(1),
        lambda: reader.prune(1),
        lambda: reader.forget("x"),
        lambda: reader.quality(),
        lambda: reader.backtest("2024-01-01"),
    ):
        with pytest.raises(SegmenterError, match="read-only"):
            verb()
    assert path.read_bytes() == before
