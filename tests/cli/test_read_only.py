"""An installation that nobody can write, without a home: as in a hardened container."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from segmenter.classifier import search_kernels
from segmenter.jit.kernels import FOLDER
from tests.datasets import SHOP

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent.parent

FIT = (
    "fit", "shop.duckdb", "--transactions", "sales", "--customer", "customer_id",
    "--amount", "amount", "--order", "order_id", "--date", "sold_at",
)  # fmt: skip

WITHOUT_KERNELS = (
    ("inspect", "sales", "shop.duckdb"),
    ("segments", "shop.duckdb"),
    ("customers", "shop.duckdb"),
    ("rules", "shop.duckdb"),
    ("classify", "shop.duckdb", "250", "3"),
    ("explain", "shop.duckdb", "250", "3"),
    ("label", "shop.duckdb", "--input", "profiles.csv", "--output", "labelled.csv"),
    ("export", "shop.duckdb", "--dialect", "postgres"),
    ("dbt init", "shop.duckdb", "dbt_package"),
    ("moves", "shop.duckdb", "--from", "2024-02-01", "--to", "2024-03-01"),
    ("models", "shop.duckdb"),
    ("compare", "shop.duckdb", "1", "2"),
    ("refresh", "shop.duckdb"),
    ("rollback", "shop.duckdb", "1"),
    ("publish", "shop.duckdb", "--to", "bi.duckdb"),
    ("forget", "shop.duckdb", "--id", "5"),
    ("prune", "shop.duckdb", "--keep", "1"),
)

WITH_KERNELS = (
    ("warm-up",),
    ("demo", "demo.duckdb"),
    FIT,
    ("refit", "shop.duckdb"),
    ("quality", "shop.duckdb"),
    ("drift", "shop.duckdb"),
    ("backtest", "shop.duckdb", "--as-of", "2024-03-01"),
    ("holdout", "shop.duckdb", "--salt", "spring"),
    ("campaign", "shop.duckdb", "--salt", "spring", "--since", "2024-02-01"),
    ("report", "shop.duckdb", "-o", "report.html"),
)

PROGRAM = """
import json, sys
from segmenter.cli import main
from segmenter.cli.app import command

codes = {}
for words in json.loads(sys.argv[1]):
    sys.argv = ["segmenter", *words]
    try:
        main()
    except SystemExit as stop:
        codes[words[0]] = stop.code or 0
    except BaseException as error:
        codes[words[0]] = repr(error)
imported = [name for name in ("numba", "sklearn", "scipy") if name in sys.modules]
print(json.dumps({"codes": codes, "imported": imported, "verbs": sorted(command().commands)}))
"""


def become_harmless():
    """Let root be stopped by the permissions of files, as everybody is."""
    if os.geteuid() == 0:
        drop_from_bounding_set, dac_override, dac_read_search = 24, 1, 2
        for capability in (dac_override, dac_read_search):
            assert ctypes.CDLL(None).prctl(drop_from_bounding_set, capability, 0, 0, 0) == 0


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The package as it is installed, where nobody can write; its kernels are compiled."""
    site = tmp_path_factory.mktemp("site")
    package = site / "segmenter"
    bare = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "segmenter", package, ignore=bare)
    for name in ("sql", "udf"):
        shutil.copytree(ROOT / name, package / name, ignore=bare)
    assert FOLDER is not None
    if FOLDER.parent == ROOT / "segmenter" / "__pycache__":
        place = search_kernels._find._cache._impl.locator.get_suitable_cache_subpath
        for kept in filter(Path.is_dir, FOLDER.iterdir()):  # a folder for each package
            name = kept.name.rpartition("_")[0]
            if kept.name != place(str(ROOT / "segmenter" / name / "x.py")):
                continue  # of a copy that another test has made
            moved = FOLDER.name, place(str(package / name / "x.py"))
            shutil.copytree(kept, package.joinpath("__pycache__", *moved))
    paths = [site, *site.rglob("*")]
    for path in paths:
        path.chmod(path.stat().st_mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))
    yield site
    for path in paths:
        path.chmod(path.stat().st_mode | stat.S_IWUSR)


@pytest.fixture
def run_there(site, tmp_path):
    """Run verbs of the copy, in a folder that can be written, and return what came of them."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()

    def call(*verbs):
        environment = {key: os.environ[key] for key in ("PATH", "LANG") if key in os.environ}
        environment |= {"PYTHONPATH": str(site), "HOME": "/nonexistent", "TMPDIR": str(temporary)}
        called = subprocess.run(
            [sys.executable, "-c", PROGRAM, json.dumps(verbs)],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            preexec_fn=become_harmless,
        )
        assert called.returncode == 0, called.stderr
        return json.loads(called.stdout.splitlines()[-1]), called.stderr

    return call


def test_every_verb_works_where_nothing_of_it_can_be_written(run_there, site, tmp_path, con):
    con.execute(f"attach '{tmp_path}/shop.duckdb' as shop; use shop; {SHOP}; use memory")
    con.execute("detach shop")
    (tmp_path / "profiles.csv").write_text("monetary,frequency\n250,3\n")
    touched = ["touch", str(site / "segmenter" / "written")]
    assert subprocess.run(touched, capture_output=True, preexec_fn=become_harmless).returncode
    heavy, errors = run_there(*WITH_KERNELS)
    assert heavy["codes"] == dict.fromkeys([words[0] for words in WITH_KERNELS], 0) | {"drift": 0}
    light, _ = run_there(*WITHOUT_KERNELS)
    assert light["codes"] == dict.fromkeys([words[0] for words in WITHOUT_KERNELS], 0), errors
    assert light["imported"] == []
    needs_an_extension = {"serve"}  # see tests/clients/test_serve.py
    tried = light["codes"].keys() | heavy["codes"].keys()
    assert tried == set(light["verbs"]) - needs_an_extension
    kept = tmp_path / "temporary" / f"segmenter-{os.geteuid()}"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o700
    assert list(kept.rglob("*.nbi"))
