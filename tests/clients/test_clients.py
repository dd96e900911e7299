"""Clients that no one here wrote read what a fit has left in the file.

Each asks for the segments of all customers, the summary, the rules and the function's word at every
rule's corners, and must say what the model in Python says. Node's and DuckDB 1.5's packages are
installed once, into the user's cache.
"""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
import sys
from hashlib import md5
from pathlib import Path

import duckdb
import numpy as np
import pytest

from segmenter.classifier.rules import OPEN_HIGH, OPEN_LOW

HERE = Path(__file__).parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "segmenter-tests"

DUCKDB_OLD = "1.5"
"""The oldest DuckDB that is supported."""


def queries(shop, prefix=""):
    """Return the questions to a client; prefix is the name that the file is attached under."""
    bounds = np.concatenate([shop.model.rules.cents_from, shop.model.rules.cents_below])
    cents = np.unique(bounds[(bounds != OPEN_LOW) & (bounds != OPEN_HIGH)])
    probes = ", ".join(
        f"({(cent + step) / 100}, {frequency})"
        for cent in cents
        for step in (-1, 0)
        for frequency in (0, 1, 2, 5, 1000)
    )
    odd = "(null, 1), ('nan'::double, 1), (1, 'inf'::double), ('-inf'::double, 2)"
    return [
        "select customer_id, round(monetary * 100)::bigint, frequency, is_whale::integer, segment, "
        f"segment_rank from {prefix}segments.customer_segments order by customer_id",
        "select segment, segment_rank, customers, round(revenue * 100)::bigint "
        f"from {prefix}segments.segment_summary order by segment_rank",
        "select frequency_from, frequency_to, monetary_from::varchar, monetary_below::varchar, "
        f"segment from {prefix}segments.segment_rules order by frequency_from, monetary_from",
        f"select m::varchar, f, coalesce({prefix}classify_segment(m, f), 'none') "
        f"from (values {probes}, {odd}) as probe(m, f) order by m, f",
        f"select i, {prefix}segments.is_held_out(i, 'spring', 0.5)::integer "
        "from range(100) as t(i) order by i",
    ]


def as_text(results):
    """Return rows as a client without types shows them."""
    return [[[str(value) for value in row] for row in rows] for rows in results]


def check(shop, results):
    """Compare a client's answers with what Python knows without any SQL object of the file."""
    customers, summary, rules, probes, split = as_text(results)
    model = shop.model
    monetary = np.array([int(row[1]) for row in customers]) / 100
    frequency = np.array([float(row[2]) for row in customers])
    segments = model.classify(monetary, frequency).tolist()
    assert len(customers) == model.customers
    assert [row[4] for row in customers] == segments
    assert [model.names[int(row[5]) - 1] for row in customers] == segments
    assert sum(int(row[3]) for row in customers) == model.whales
    assert [(row[0], int(row[2])) for row in summary] == [
        (name, segments.count(name)) for name in model.names
    ]
    assert sum(int(row[3]) for row in summary) == sum(int(row[1]) for row in customers)
    assert [row[4] for row in rules] == [model.names[code] for code in model.rules.segment]
    assert [int(row[0]) for row in rules] == model.rules.frequency_from.tolist()
    bounds = [round(float(row[2]) * 100) for row in rules if row[2] != "-inf"]
    assert bounds == [cent for cent in model.rules.cents_from.tolist() if cent != OPEN_LOW]
    asked = [
        [np.nan if value in ("None", "NULL", "null", "") else float(value) for value in row[:2]]
        for row in probes
    ]
    expected = model.classify(*np.array(asked).T)
    assert [row[2] for row in probes] == [segment or "none" for segment in expected]
    assert {row[2] for row in probes} == {*model.names, "none"}
    texts = [f"spring:{customer}".encode() for customer in range(100)]
    hashed = [int(md5(text, usedforsecurity=False).hexdigest()[:6], 16) for text in texts]
    assert [int(row[1]) for row in split] == [number < 16**6 / 2 for number in hashed]


def run(*words, **more):
    """Run a client and return what it prints."""
    done = subprocess.run(
        [str(word) for word in words], capture_output=True, text=True, timeout=300, **more
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def all_rows(con, asked):
    return [con.execute(query).fetchall() for query in asked]


def test_this_duckdb_read_only(retail):
    with retail.connect() as con:
        check(retail, all_rows(con, queries(retail)))


def test_an_attached_file(retail):
    with duckdb.connect() as con:
        con.execute(f"attach '{retail.path}' as other (read_only)")
        check(retail, all_rows(con, queries(retail, "other.")))


def test_a_relative_path_from_another_folder(retail, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = os.path.relpath(retail.path, tmp_path)
    with duckdb.connect(path, read_only=True) as con:
        check(retail, all_rows(con, queries(retail)))


def test_a_file_that_nobody_may_write(retail, tmp_path):
    copy = tmp_path / "copy.duckdb"
    shutil.copy(retail.path, copy)
    copy.chmod(0o444)
    tmp_path.chmod(0o555)
    try:
        with duckdb.connect(str(copy), read_only=True) as con:
            check(retail, all_rows(con, queries(retail)))
    finally:
        tmp_path.chmod(0o755)


def test_the_duckdb_shell(retail, tmp_path):
    shell = Path(sys.executable).parent / "duckdb"
    assert shell.is_file(), "pip install -e '.[dev]' brings the DuckDB shell"
    words = [shell, "-readonly", "-csv", "-noheader", retail.path]
    results = [
        list(csv.reader(io.StringIO(run(*words, query, cwd=tmp_path)))) for query in queries(retail)
    ]
    check(retail, results)


def test_sqlalchemy(retail):
    import sqlalchemy

    engine = sqlalchemy.create_engine(f"duckdb:///{retail.path}", connect_args={"read_only": True})
    with engine.connect() as con:
        results = [con.exec_driver_sql(query).fetchall() for query in queries(retail)]
        names = sqlalchemy.inspect(con).get_view_names(schema="segments")
    engine.dispose()
    check(retail, results)
    assert {"customer_segments", "segment_summary", "segment_rules"} <= set(names)


OLD_CLIENT = """
import json, sys
folder, file, queries = sys.argv[1:]
sys.path.insert(0, folder)
import duckdb
con = duckdb.connect(file, read_only=True)
results = [con.execute(query).fetchall() for query in json.loads(queries)]
con.close()
print(json.dumps({"version": duckdb.__version__, "results": results}))
"""


@pytest.fixture(scope="session")
def old_duckdb():
    """Folder with the oldest DuckDB that is supported."""
    version = f"cp{sys.version_info.major}{sys.version_info.minor}"
    folder = CACHE / f"duckdb-{DUCKDB_OLD}-{version}"
    words = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    install(folder, [*words, "--target", ".", f"duckdb=={DUCKDB_OLD}.*"])
    return folder


def test_python_with_the_oldest_duckdb(retail, old_duckdb, tmp_path):
    words = [sys.executable, "-c", OLD_CLIENT, old_duckdb, retail.path]
    answer = json.loads(run(*words, json.dumps(queries(retail)), cwd=tmp_path))
    assert answer["version"].startswith(f"{DUCKDB_OLD}.")
    check(retail, answer["results"])


@pytest.fixture(scope="session")
def node_folder():
    """Folder with DuckDB's package for Node and the script that uses it."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("there is no Node on this machine")
    package = json.loads((HERE / "node" / "package.json").read_text(encoding="utf-8"))
    (version,) = package["dependencies"].values()
    folder = CACHE / f"node-{version}"
    words = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--no-package-lock"]
    install(folder, words, HERE / "node" / "package.json")
    shutil.copy(HERE / "node" / "read.mjs", folder)
    return folder


def test_node(retail, node_folder, tmp_path):
    words = ["node", node_folder / "read.mjs", retail.path, json.dumps(queries(retail))]
    check(retail, json.loads(run(*words, cwd=tmp_path)))


def install(folder, words, *files):
    """Fill a folder once: under another name first, so that no half of it is ever used."""
    if folder.is_dir():
        return
    draft = folder.with_name(f"{folder.name}.{os.getpid()}.draft")
    draft.mkdir(parents=True)
    try:
        for file in files:
            shutil.copy(file, draft)
        run(*words, cwd=draft)
        if not folder.is_dir():
            draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
