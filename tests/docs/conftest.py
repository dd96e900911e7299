"""The session of a page, and a warehouse of its own."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import psycopg
import pytest

from tests.clients.conftest import server  # noqa: F401
from tests.docs.sessions import Session, furnish

EMPTY = ("segmenter/README.md",)
"""Pages that make all that they read."""


@pytest.fixture(scope="module")
def furnished(tmp_path_factory):
    """The folder in which each page begins."""
    folder = tmp_path_factory.mktemp("page")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        furnish(folder)
    return folder


@pytest.fixture
def session(furnished, tmp_path, monkeypatch):
    """Give a session for a page."""

    def begin(page, **environment):
        folder, programs = tmp_path / "folder", tmp_path / "programs"
        if page in EMPTY:
            folder.mkdir()
        else:
            shutil.copytree(furnished, folder)
        programs.mkdir()
        monkeypatch.chdir(folder)
        return Session(folder, programs, **environment)

    return begin


@pytest.fixture(scope="module")
def warehouse(server, furnished):  # noqa: F811
    """A PostgreSQL with the sales of the shop, and psql on the path."""
    import pgserver

    with psycopg.connect(server, autocommit=True) as pg:
        pg.execute("create database pages")
    dsn = psycopg.conninfo.make_conninfo(server, dbname="pages")
    with psycopg.connect(dsn, autocommit=True) as pg:
        pg.execute(
            "create table sales (invoice_no text, customer_id bigint, invoice_date timestamp, "
            "quantity bigint, unit_price float8)"
        )
        with pg.cursor().copy("copy sales from stdin (format csv, header)") as copy:
            copy.write((furnished / "sales.csv").read_bytes())
        pg.execute("alter table sales add amount float8")
        pg.execute("update sales set amount = quantity * unit_price")
    own = Path(pgserver.__file__).parent / "pginstall" / "bin"
    with pytest.MonkeyPatch.context() as patch:
        if (own / "psql").exists():
            patch.setenv("PATH", os.environ["PATH"] + os.pathsep + str(own))
        yield dsn
