"""What is imported: nobody pays for a library that a verb does not need."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from segmenter.cli.app import command
from tests.datasets import SHOP

ROOT = Path(__file__).parent.parent.parent

HEAVY = ("pandas", "polars", "scipy.linalg", "scipy.sparse", "scipy.special", "sklearn")
"""SciPy by its parts: numba looks at its version, which is as good as nothing."""

ARROW = ("numpy", "pyarrow", "pydantic", "sqlglot")
"""What takes longer to import than the engine: most answers are a few rows of a written query."""

FIT = ("--customer", "customer_id", "--amount", "amount", "--date", "sold_at", "--quiet")

HELP = (("--version",), ("--help",), *((*verb.split(), "--help") for verb in command().commands))
"""Nothing is opened for it."""

ANSWERING = (
    ("segments", "shop.duckdb"),
    ("segments", "shop.duckdb", "--format", "csv", "--snapshot"),
    ("rules", "shop.duckdb", "--format", "json"),
    ("models", "shop.duckdb", "--wait", "1.5"),
    ("drift", "shop.duckdb"),
    ("moves", "shop.duckdb", "--from", "2024-02-01"),
    ("prune", "shop.duckdb", "--keep", "2"),
)
"""Verbs that ask a query as it is written."""

READING = (
    ("customers", "shop.duckdb"),
    ("customers", "shop.duckdb", "--upgrades"),
    ("rules", "shop.duckdb"),
    ("classify", "shop.duckdb", "250", "3"),
    ("explain", "shop.duckdb", "250", "3"),
    ("label", "shop.duckdb", "--input", "profiles.csv", "--output", "labels.parquet"),
    ("export", "shop.duckdb", "--dialect", "postgres"),
    ("dbt", "init", "shop.duckdb", "dbt_package"),
    ("holdout", "shop.duckdb", "--salt", "spring", "--format", "csv"),
    ("refresh", "shop.duckdb"),
    ("forget", "shop.duckdb", "--id", "3"),
)
"""Verbs that compile nothing."""

TRAINING = (
    ("fit", "shop.duckdb", "--transactions", "sales", *FIT, "--publish"),
    ("compare", "shop.duckdb", "1", "2"),
    ("rollback", "shop.duckdb", "1"),
    ("quality", "shop.duckdb"),
)
"""So small a base is clustered in NumPy; kernels are not even loaded."""

FORECASTING = (("backtest", "shop.duckdb", "--as-of", "2024-03-01"),)
"""SciPy fits the peer that expects orders of each customer."""

COMPARING = (
    ("holdout", "shop.duckdb", "--salt", "spring"),
    ("campaign", "shop.duckdb", "--salt", "spring", "--since", "2024-02-01"),
)
"""SciPy has the distributions that intervals need; nothing is compiled."""

SCRIPT = """
import json, sys
from segmenter.cli import main
calls, heavy = json.loads(sys.argv[1])
found = {}
for call in calls:
    sys.argv = ["segmenter", *call]
    try:
        main()
    except SystemExit as stop:
        assert not stop.code, (call, stop.code)
    found[" ".join(call)] = [name for name in heavy if name in sys.modules]
print(json.dumps(found), file=sys.stderr)
"""


def python(code, *words, cwd=ROOT):
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{code}", *words],
        cwd=cwd,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done


def test_no_verb_imports_what_it_does_not_need(tmp_path):
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as con:
        con.execute(SHOP)
    (tmp_path / "profiles.csv").write_text("monetary,frequency\n10,1\n")
    python(SCRIPT, json.dumps([[TRAINING[0]], []]), cwd=tmp_path)
    for verbs, heavy in (
        (HELP, ("duckdb", "rich", *ARROW)),
        (ANSWERING, ("numba", *ARROW, *HEAVY)),
        (READING, ("numba", *HEAVY)),
        (TRAINING, ("numba", *HEAVY)),
        (FORECASTING, ["numba", "pandas", "polars", "sklearn"]),
        (COMPARING, ["numba", "pandas", "polars", "sklearn"]),
    ):
        done = python(SCRIPT, json.dumps([verbs, heavy]), cwd=tmp_path)
        found = json.loads(done.stderr.splitlines()[-1])
        assert len(found) == len(verbs)
        assert {call: names for call, names in found.items() if names} == {}


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("import segmenter", ("duckdb", "numba", "numpy", "pyarrow", "rich", "sqlglot", *HEAVY)),
        ("import segmenter.cli.app", ("duckdb", "numba", "numpy", "pyarrow", "sqlglot", *HEAVY)),
        ("import segmenter; segmenter.open; segmenter.Source", ("numba", *HEAVY)),
        ("import segmenter; segmenter.Settings", ("duckdb", "numba", *HEAVY)),
    ],
)
def test_names_bring_only_what_they_need(code, absent):
    names = python(f"{code}\nprint(*sys.modules)").stdout.split()
    assert "segmenter" in names
    assert [name for name in absent if name in names] == []


def test_the_folder_of_the_package_is_small():
    made = {"__pycache__", "__main__.py"}  # the second has nothing but a call
    entries = [entry for entry in (ROOT / "segmenter").iterdir() if entry.name not in made]
    packages = [entry for entry in entries if (entry / "__init__.py").is_file()]
    assert len(entries) - len(packages) <= 12
