"""One process refreshes while another looks in all the time: nothing is lost, nobody fails."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from tests.datasets import SHOP

ROOT = Path(__file__).parent.parent.parent

FIT = ("fit", "shop.duckdb", "--transactions", "sales", "--customer", "customer_id",
       "--amount", "amount", "--order", "order_id", "--quiet")  # fmt: skip

REFRESHES = """
import sys, time
from segmenter.cli import main

done = 0
deadline = time.monotonic() + float(sys.argv[1])
while time.monotonic() < deadline:
    sys.argv = ["segmenter", "refresh", "shop.duckdb", "--wait", "60", "--quiet"]
    try:
        main()
    except SystemExit as stop:
        if stop.code:
            sys.exit(stop.code)
    done += 1
print(done)
"""

POLLS = """
import sys, time
import duckdb

looked = retried = failed = 0
deadline = time.monotonic() + float(sys.argv[1])
while time.monotonic() < deadline:
    patience = time.monotonic() + 2
    looked += 1
    while True:
        try:
            with duckdb.connect("shop.duckdb", read_only=True) as con:
                con.execute("select * from segments.segment_summary_snapshot").fetchall()
            break
        except duckdb.Error as error:
            if time.monotonic() > patience:
                failed += 1
                print(error, file=sys.stderr)
                break
            retried += 1
        time.sleep(0.02)
    time.sleep(0.02)
print(looked, retried, failed)
"""


def start(script, folder, seconds):
    return subprocess.Popen(
        [sys.executable, "-c", script, str(seconds)],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


@pytest.mark.parametrize("seconds", [6, pytest.param(60, marks=pytest.mark.extended)])
def test_one_refreshes_and_one_looks_in(tmp_path, seconds):
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as con:
        con.execute(SHOP)
    call = "import sys; from segmenter.cli import main; sys.argv[0] = 'segmenter'; main()"
    words = [sys.executable, "-c", call, *FIT]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run(words, cwd=tmp_path, env=env, check=True, capture_output=True)
    writer, reader = start(REFRESHES, tmp_path, seconds), start(POLLS, tmp_path, seconds)
    (refreshed, why_not), (told, why) = writer.communicate(), reader.communicate()
    assert writer.returncode == 0, why_not
    assert int(refreshed.split()[-1]) > 0
    looked, retried, failed = map(int, told.split())
    print(f"{refreshed.split()[-1]} refreshes, {looked} looks, {retried} retries, {failed} failed")
    assert looked > 0
    assert failed == 0, why
    assert os.listdir(tmp_path) == ["shop.duckdb"]
