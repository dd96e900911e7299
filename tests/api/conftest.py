"""A file with the small shop, and a model of it that is fitted once."""

from __future__ import annotations

import shutil

import duckdb
import pytest

import segmenter
from tests.datasets import SHOP


@pytest.fixture
def path(tmp_path):
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as con:
        con.execute(SHOP)
    return tmp_path / "shop.duckdb"


@pytest.fixture(scope="session")
def fitted_path(tmp_path_factory, sales):
    made = tmp_path_factory.mktemp("fitted") / "shop.duckdb"
    with duckdb.connect(str(made)) as con:
        con.execute(SHOP)
    assert segmenter.open(made).fit(sales).is_published
    return made


@pytest.fixture
def db(path, fitted_path):
    """A copy of a fitted file, at ``path``."""
    shutil.copy(fitted_path, path)
    return segmenter.open(path)
