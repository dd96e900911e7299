"""Publishing in PostgreSQL: beside readers, with the grants of before, under any settings."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from dataclasses import replace

import psycopg
import pytest

import segmenter
from segmenter import SegmenterError, Settings
from segmenter.engines import postgres_publishing

VIEWS = ("transactions", "customer_profile", "customer_segments", "segment_summary")

READS = (
    "select count(*) from segments.segment_summary",
    "select count(*) from segments.customer_profile as p "
    "join segments.customer_segments as s using (customer_id)",
    "select count(*) from segments.transactions, segments.segment_summary",
    "begin; select count(*) from segments.transactions limit 1; "
    "select max(segment) from segments.segment_summary; commit",
)
"""Readers that lock the views from above, from below, and one after the other."""


@pytest.fixture
def dsn(server):
    return psycopg.conninfo.make_conninfo(server, dbname="scratch")


@pytest.fixture
def psql(dsn):
    """A psql that goes on after errors, as it does by default."""
    pgserver = pytest.importorskip("pgserver")
    own = os.path.join(os.path.dirname(pgserver.__file__), "pginstall", "bin", "psql")
    program = own if os.path.exists(own) else shutil.which("psql")
    assert program

    def run(script, *words, **env):
        return subprocess.run(
            [program, "-X", "-q", *words, "-d", dsn, "-f", "-"],
            input=script,
            env={**os.environ, **env},
            capture_output=True,
            text=True,
            timeout=60,
        )

    return run


class Readers:
    """Threads that read all the time, and what happened to them."""

    def __init__(self, dsn):
        self.done, self.errors = [0] * len(READS), []
        self._dsn, self._end = dsn, threading.Event()
        self._threads = [
            threading.Thread(target=self._read, args=[n, query]) for n, query in enumerate(READS)
        ]

    def _read(self, number, query):
        with psycopg.connect(self._dsn, autocommit=True) as pg:
            while not self._end.is_set():
                try:
                    pg.execute(query)
                    self.done[number] += 1
                except psycopg.Error as error:
                    self.errors.append(f"{query}: {error}")
                    pg.execute("rollback")

    def wait_for_more(self):
        """Wait until each of them has read once more."""
        seen = list(self.done)
        while not self.errors and any(a <= b for a, b in zip(self.done, seen, strict=True)):
            time.sleep(0.01)

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *args):
        self._end.set()
        for thread in self._threads:
            thread.join()


def test_no_reader_fails_while_models_are_fitted(store, sales, dsn):
    segmenter.fit(store, sales)
    with Readers(dsn) as readers:
        for cut in (0.9, 0.95, 0.97):
            readers.wait_for_more()
            segmenter.fit(store, replace(sales, where=f"amount < {9000 * cut}"), Settings(cut=cut))
        readers.wait_for_more()
    assert not readers.errors


def test_no_reader_fails_while_a_script_is_run(store, shop, sales, dsn, psql):
    scripts = [
        segmenter.export(segmenter.fit(shop, sales, Settings(cut=cut)), "postgres")
        for cut in (0.9, 0.95)
    ]
    assert not psql(scripts[0], "-v", "ON_ERROR_STOP=1").returncode
    with Readers(dsn) as readers:
        for n in range(6):
            readers.wait_for_more()
            psql(scripts[n % 2])
        readers.wait_for_more()
    assert not readers.errors


def versions(pg):
    """Return what changes of each view when it is replaced."""
    query = (
        "select c.relname, r.oid, r.xmin::text from pg_class as c "
        "join pg_rewrite as r on r.ev_class = c.oid "
        "where c.relnamespace = to_regnamespace('segments')"
    )
    return {row[0]: row[1:] for row in pg.execute(query).fetchall()}


def test_views_that_did_not_change_are_left_alone(store, sales):
    segmenter.fit(store, sales)
    before = versions(store)
    segmenter.fit(store, sales)
    assert versions(store) == before
    query = "select obj_description('segments.customer_upgrades'::regclass, 'pg_class')"
    assert store.execute(query).fetchone()[0].startswith("Grain:  one row for each customer who")
    store.execute(
        "insert into sales select 61, 601, 1e5, timestamp '2024-01-03' from sales limit 1"
    )
    segmenter.fit(store, sales, Settings(cut=0.95))
    after = versions(store)
    assert {name for name in VIEWS if before[name] != after[name]} == {"customer_segments"}
    segmenter.fit(store, replace(sales, where="amount > 0"))
    assert versions(store)["transactions"] != after["transactions"]
    assert versions(store)["segment_summary"] == after["segment_summary"]


def test_a_view_that_somebody_changed_is_ours_again(store, sales):
    segmenter.fit(store, sales)
    query = "select pg_get_viewdef('segments.customer_profile'::regclass)"
    (ours,) = store.execute(query).fetchone()
    store.execute(
        "create or replace view segments.customer_profile as select customer_id, "
        "monetary * 2 as monetary, frequency, first_order_at, last_order_at from "
        f"({ours.rstrip().rstrip(';')}) as t"
    )
    segmenter.fit(store, sales)
    assert store.execute(query).fetchone() == (ours,)


def test_a_reader_who_does_not_end_is_named(store, sales, dsn, monkeypatch):
    segmenter.fit(store, sales)
    monkeypatch.setattr(postgres_publishing, "_PATIENCE", 0)
    before = versions(store)
    with psycopg.connect(dsn) as reader:
        reader.execute("select * from segments.customer_segments")
        with pytest.raises(SegmenterError, match="nothing was published") as error:
            segmenter.fit(store, sales, Settings(cut=0.8))
        assert versions(store) == before
        text = str(error.value)
        assert f"segments.customer_segments by process {reader.info.backend_pid} (idle in" in text
        store.execute(text[text.index("select pg_terminate") : text.index("), then fit")])
        segmenter.fit(store, sales, Settings(cut=0.8))
        assert versions(store) != before
        reader.close()


@pytest.fixture
def roles(store):
    """Roles of the server, away again afterwards."""
    names = ("analyst", "lead", "boss of all", "newcomer")
    for name in names:
        store.execute(f'drop role if exists "{name}"')
        store.execute(f'create role "{name}"')
    yield names
    store.execute("reset role")
    for name in names:
        store.execute(f'drop owned by "{name}" cascade; drop role "{name}"')


GIVEN = """
    select c.relname, c.relowner::regrole::text,
        coalesce(c.relacl, acldefault('r', c.relowner))::text[], c.reloptions,
        array(
            select (a.attname, a.attacl)::text from pg_attribute as a
            where a.attrelid = c.oid and a.attacl is not null order by 1
        ),
        array(
            select (d.objsubid, d.description)::text from pg_description as d
            where d.objoid = c.oid order by 1
        )
    from pg_class as c
    where c.relnamespace = to_regnamespace('segments')
    union all
    select proname, proowner::regrole::text, proacl::text[], null, null, null
    from pg_proc where pronamespace = to_regnamespace('segments')
    order by 1
"""


def given(pg):
    """Return owner, grants, options and comments of all that is ours."""
    return [
        (name, owner, sorted(acl or []), *rest)
        for name, owner, acl, *rest in pg.execute(GIVEN).fetchall()
    ]


def test_grants_survive_a_refit(store, sales, roles):
    segmenter.fit(store, sales)
    store.execute(
        """
        grant usage, create on schema segments to "boss of all";
        grant usage on schema segments to analyst;
        grant select on segments.customer_segments to analyst, public;
        grant select on segments.segment_summary to lead with grant option;
        grant select (customer_id), select (order_id) on segments.transactions to analyst;
        grant execute on function segments.classify_segment to analyst;
        revoke execute on function segments.classify_segment from public;
        alter view segments.customer_profile owner to "boss of all";
        grant select on segments.transactions to "boss of all";
        alter function segments.classify_segment owner to "boss of all";
        alter view segments.customer_segments set (security_barrier = true);
        comment on view segments.customer_segments is 'it''s \\ ours';
        comment on column segments.customer_segments.segment is 'who';
        """
    )
    before = given(store)
    segmenter.fit(store, sales, Settings(cut=0.8))
    assert given(store) == before
    store.execute("alter default privileges in schema segments grant select on tables to newcomer")
    segmenter.fit(store, replace(sales, order="'no ' || order_id::varchar"))
    assert given(store) == before
    store.execute("set role analyst")
    assert store.execute("select count(*) from segments.customer_segments").fetchone() == (60,)
    store.execute("reset role")


HOSTILE = ("\\'; create table hacked as select 1; --", "a\\\\", "it's\\'b")

ODD = {
    "standard_conforming_strings": "off",
    "backslash_quote": "on",
    "quote_all_identifiers": "on",
    "search_path": "shop, pg_catalog",
    "datestyle": "German, DMY",
    "intervalstyle": "sql_standard",
    "transform_null_equals": "on",
    "lc_numeric": "C",
    "bytea_output": "escape",
}


@pytest.mark.parametrize("how", ["fit", "psql", "driver"])
def test_whatever_a_segment_is_called_and_a_session_is_set_to(
    store,
    shop,
    sales,
    dsn,
    psql,
    how,
):
    where = r"order_id::varchar <> '\' and regexp_matches(order_id::varchar, '^\d+$')"
    source = replace(sales, where=where, window="20 weeks")
    settings = Settings(names=HOSTILE)
    expected = segmenter.fit(shop, source, settings)
    query = "select * from segments.customer_segments order by customer_id"
    store.execute("create schema shop; alter table sales set schema shop")
    options = " ".join(
        f"-c {name}={value.replace(' ', chr(92) + ' ')}" for name, value in ODD.items()
    )
    script = segmenter.export(expected, "postgres")
    with psycopg.connect(dsn, options=options, autocommit=True) as odd:
        assert odd.execute("show standard_conforming_strings").fetchone() == ("off",)
        if how == "fit":
            segmenter.fit(odd, source, settings)
        elif how == "driver":
            odd.execute(script)
        else:
            done = psql(script, "-v", "ON_ERROR_STOP=1", PGOPTIONS=options)
            assert not done.returncode, done.stderr
        for reader in (odd, store):
            assert reader.execute(query).fetchall() == shop.execute(query).fetchall()
            found = reader.execute("select segments.classify_segment(1e9, 99)").fetchone()
            assert found == (HOSTILE[0],)
    assert store.execute("select to_regclass('hacked'), to_regclass('shop.hacked')").fetchone() == (
        None,
        None,
    )


def test_a_script_that_fails_half_way_changes_nothing(store, shop, sales, psql):
    one = segmenter.export(segmenter.fit(shop, sales), "postgres")
    assert not psql(one, "-v", "ON_ERROR_STOP=1").returncode
    before = (
        versions(store),
        store.execute("select prosrc from pg_proc where proname = 'classify_segment'").fetchone(),
    )
    changed = replace(sales, amount="amount * 2", order="order_id::varchar")
    other = segmenter.export(segmenter.fit(shop, changed), "postgres")
    assert other.split("$$")[1] != one.split("$$")[1]
    done = psql(other)
    assert not done.returncode  # that is what psql does without ON_ERROR_STOP
    assert 'cannot change data type of view column "order_id"' in done.stderr
    after = (
        versions(store),
        store.execute("select prosrc from pg_proc where proname = 'classify_segment'").fetchone(),
    )
    assert after == before
    assert psql(other, "-v", "ON_ERROR_STOP=1").returncode == 3
    head = [line.removeprefix("-- ") for line in other.splitlines() if line.startswith("-- ")]
    text = " ".join(head)
    drop = text[text.index("drop function if exists") :].partition(" before CREATE SCHEMA")[0]
    changed = other.replace("\nCREATE SCHEMA", f"\n{drop}\nCREATE SCHEMA", 1)
    assert not psql(changed, "-v", "ON_ERROR_STOP=1").returncode
    query = "select * from segments.customer_segments order by customer_id"
    assert store.execute(query).fetchall() == shop.execute(query).fetchall()
