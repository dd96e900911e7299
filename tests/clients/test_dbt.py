"""The package for dbt: run by dbt itself, in DuckDB and in PostgreSQL, equal to our own views."""

from __future__ import annotations

import contextlib
import gc
import io
import json
import re
import warnings
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import duckdb
import psycopg
import pytest

import segmenter
from segmenter import Settings, Source
from segmenter.dbt.documents import profile
from tests.clients.alike import CUSTOMERS
from tests.clients.conftest import copy_table
from tests.datasets import SHOP, load_dataset

pytestmark = pytest.mark.slow

pytest.importorskip("dbt.adapters.duckdb", reason="pip install -e '.[dev]' brings dbt")

from dbt.adapters.duckdb.connections import DuckDBConnectionManager  # noqa: E402
from dbt.cli.main import dbtRunner  # noqa: E402

SUMMARY = "select * from {}segment_summary order by segment_rank"
PROFILE = "select * from {}customer_profile order by customer_id"

EXPLAINED = """
{{ config(materialized='table') }}
select
    customer_id,
    {{ segments.classify_segment('monetary', 'frequency') }} as segment,
    {{ segments.explain_segment('monetary', 'frequency') }} as explained
from {{ ref('customer_profile') }}
"""

DRIFT = """
{{ config(materialized='table') }}
select * from ({{ segments.segment_drift(ref('customer_segments')) }}) as drift
"""

CONNECTED = """
def model(dbt, session):
    import segmenter
    dbt.config(materialized="table")
    db = segmenter.open(session)
    assert db.refit().model.model_id == 2
    return db.segments().to_pandas()
"""


SALES = Source(
    transactions="sales", customer="customer_id", amount="amount", order="order_id", date="sold_at"
)


class Project:
    """A package in a folder, and dbt."""

    def __init__(self, folder: Path, target: str, **environment: str) -> None:
        self.folder = folder
        self.target = target
        self.environment = {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false", **environment}

    def dbt(self, *words: str, code: int = 0) -> str:
        """Run dbt in this process, which has loaded it already: most of a run would be that."""
        printed = io.StringIO()
        with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # those of dbt
            patch.chdir(self.folder)
            for name, value in self.environment.items():
                patch.setenv(name, value)
            with contextlib.redirect_stdout(printed):
                ended = dbtRunner().invoke([*words, "--no-use-colors", "--target", self.target])
            DuckDBConnectionManager.close_all_connections()
            gc.collect()  # each of its threads leaves an event loop open
        assert ended.exception is None, printed.getvalue()
        assert ended.success == (code == 0), printed.getvalue()
        return printed.getvalue()

    def add(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)


def rows(con, query: str) -> list[tuple]:
    return con.execute(query).fetchall()


def check_alike(made, own, more: int = 0) -> None:
    """Compare what dbt made with our own views, which lack so many attributes, for everybody."""
    for query in (PROFILE, CUSTOMERS):
        found = [row[: len(row) - more] for row in rows(made, query.format("dbt."))]
        assert found == rows(own, query.format("segments."))
        assert found
    for row, known in zip(
        rows(made, SUMMARY.format("dbt.")), rows(own, SUMMARY.format("segments.")), strict=True
    ):
        assert row[:3] == known[:3]
        assert row[3:] == pytest.approx(known[3:], rel=1e-12)


def check_drift(made, own) -> None:
    """Compare what dbt measured with segments.drift."""
    query = "select metric, value, is_drifted from {} where metric <> 'overall' order by metric"
    found, known = rows(made, query.format("dbt.drift")), rows(own, query.format("segments.drift"))
    assert [row[::2] for row in found] == [row[::2] for row in known]
    assert [row[1] for row in found] == pytest.approx([row[1] for row in known], rel=1e-9)


@contextmanager
def opened(file: Path):
    with duckdb.connect(str(file)) as con:
        yield con


@pytest.mark.parametrize("name", ["online_retail", "cdnow"])
def test_in_duckdb_each_customer_is_as_in_our_views(tmp_path, name):
    file = tmp_path / "shop.duckdb"
    with opened(file) as con:
        source = load_dataset(con, name)
        segmenter.fit(con, source)
    written = segmenter.open(file).dbt_init(tmp_path / "segments")
    assert "seeds/segment_rules.csv" in written
    project = Project(tmp_path / "segments", "duckdb")
    project.add("models/explained.sql", EXPLAINED)
    project.add("models/drift.sql", DRIFT)
    project.add("models/connected.py", CONNECTED)
    said = project.dbt("build")
    assert "ERROR=0" in said
    assert "WARN=0" in said
    assert segmenter.open(file).model().model_id == 2  # of the model in Python
    with opened(file) as con:
        check_alike(con, con)
        check_drift(con, con)
        query = """
            select count(*)
            from dbt.explained inner join segments.customer_segments as own using (customer_id)
            where explained.segment = own.segment
                and explained.explained = explain_segment(own.monetary, own.frequency)
        """
        customers = "select count(*) from segments.customer_segments"
        assert rows(con, query) == rows(con, customers)
        segments = "select segment from dbt.connected order by segment_rank"
        assert rows(con, segments) == rows(
            con, "select segment from segments.segment_summary order by segment_rank"
        )


def test_who_changed_is_in_the_history_and_tests_tell(tmp_path):
    file = tmp_path / "shop.duckdb"
    with opened(file) as con:
        con.execute(SHOP)
        con.execute("alter table sales add column \"Came From\" varchar default 'web {{ 1 }}'")
        named = Settings(names=("50% {{ off }}", "{# Loyal", "At-Risk"))
        segmenter.fit(con, replace(SALES, attributes=("Came From",)), named)
    segmenter.open(file).dbt_init(tmp_path / "segments")
    project = Project(tmp_path / "segments", "duckdb")
    project.add("models/drift.sql", DRIFT)
    project.dbt("build")
    labels = "select customer_id, segment from dbt.customer_segments_history where dbt_valid_to {}"
    with opened(file) as con:
        check_alike(con, con)
        before = dict(rows(con, labels.format("is null")))
        con.execute(
            "insert into sales select 7, 9000 + i, 500, '2024-05-29', 'shop' from range(9) as t(i)"
        )
        con.execute("delete from sales where customer_id = 3")
        con.execute("insert into sales values (77, 9999, 10, '2024-05-29', null)")
    project.dbt("build")
    with opened(file) as con:
        check_alike(con, con)
        check_drift(con, con)
        after = dict(rows(con, labels.format("is null")))
        assert before[7] == "At-Risk"
        assert after[7] == "50% {{ off }}"
        assert 3 not in after
        assert after[77] == "At-Risk"
        assert dict(rows(con, labels.format("is not null"))) == {3: "At-Risk", 7: "At-Risk"}
    # a rule that somebody changed by hand, and customers who are others than at the fit
    with opened(file) as con:
        con.execute(
            "insert into sales select 100 + i, 20000 + i, 900, '2024-05-29', null "
            "from range(300) as t(i)"
        )
    rules = project.folder / "seeds" / "segment_rules.csv"
    text = rules.read_text()
    rules.write_text(text.replace("At-Risk", "{# Loyal", 1))
    said = project.dbt("build", code=1)
    assert re.search(r"FAIL \d+ labels_agree_with_model_customer_segments", said)
    assert re.search(r"WARN \d+ segments_not_drifted_customer_segments", said)
    with opened(file) as con:
        assert rows(con, "select count(*) from segments.drift where is_drifted") != [(0,)]


OPERATIONS = (
    ("fit_segments", {"transactions": "sales", "options": {
        "customer": "customer_id", "amount": "amount", "order": "order_id", "date": "sold_at",
        "where": "order_id <> '5'", "replace": True, "publish": True,
    }}, "model 2: 60 customers"),
    ("refresh_segments", {"full": True}, "60 customers, 60 of them added up"),
    ("measure_quality", {}, "model 2: "),
    ("backtest_segments", {"as_of": "2024-03-31"}, "Customers known on 2024-03-31"),
)  # fmt: skip


def test_operations_in_duckdb(tmp_path):
    file = tmp_path / "shop.duckdb"
    with opened(file) as con:
        con.execute(SHOP)
        segmenter.fit(con, SALES)
    db = segmenter.open(file)
    db.dbt_init(tmp_path / "segments")
    project = Project(tmp_path / "segments", "duckdb")
    for name, arguments, answer in OPERATIONS:
        assert answer in project.dbt("run-operation", name, "--args", json.dumps(arguments))
    assert db.model().model_id == 2
    assert len(db.quality().table) > 0
    with opened(file) as con:
        assert rows(con, "select count(*) from segments.backtest") != [(0,)]
    profile = project.folder / "profiles.yml"
    text = profile.read_text()
    without = text.replace("      plugins:\n        - module: segmenter.dbt.plugin\n", "")
    assert without != text
    profile.write_text(without)
    said = project.dbt("run-operation", "refresh_segments", code=1)
    advice = said.split("run again:\n")[1].split("\n\n")[0]
    profile.write_text(
        without.replace("      threads: 1\n", f"      threads: 1\n{lines(advice)}", 1)
    )
    assert "added up" in project.dbt("run-operation", "refresh_segments")


def lines(advice: str) -> str:
    """Return the two lines of YAML that a message says."""
    chosen = [line for line in advice.splitlines() if "plugins:" in line or "module:" in line]
    return f"      {chosen[0].strip()}\n        {chosen[1].strip()}\n"


def environment(server: str, database: str) -> dict[str, str]:
    """Return the variables that lead to a PostgreSQL."""
    parts = psycopg.conninfo.conninfo_to_dict(server)
    names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD"}
    found = {names[key]: str(value) for key, value in parts.items() if key in names}
    return {**found, "PGDATABASE": database}


def test_in_postgresql_each_customer_is_as_in_our_views(database, server, tmp_path):
    file = tmp_path / "model.duckdb"
    with duckdb.connect() as con:
        source = load_dataset(con, "online_retail")
        con.execute("alter table online_retail add column Packing varchar")
        con.execute(
            "update online_retail set Packing = case when Quantity >= 12 then 'Dozen' "
            "when Quantity < 6 then 'single' end"
        )
        copy_table(con, database, "online_retail", tmp_path)
        names = ("InvoiceNo", "CustomerID", "InvoiceDate", "Quantity", "UnitPrice", "Packing")
        for name in names:
            database.execute(f'alter table online_retail rename "{name}" to {name}')
        segmenter.fit(con, replace(source, attributes=("packing",)))
        segmenter.fit(database, source, model_file=file)
        segmenter.open(con).dbt_init(tmp_path / "segments")
        project = Project(tmp_path / "segments", "postgres", **environment(server, "scratch"))
        project.add("models/explained.sql", EXPLAINED)
        project.add("models/drift.sql", DRIFT)
        said = project.dbt("build")
        assert "ERROR=0" in said
        assert "WARN=0" in said
        check_alike(database, con)
        check_alike(database, database, more=1)
        check_drift(database, con)
        query = "select customer_id, {} from {} order by customer_id"
        found = rows(database, query.format("segment, explained", "dbt.explained"))
        known = rows(
            con,
            query.format(
                "segment, explain_segment(monetary, frequency)", "segments.customer_segments"
            ),
        )
        assert [row[:2] for row in found] == [row[:2] for row in known]
        for (*_, one), (*_, other) in zip(found, known, strict=True):
            numbers = {
                key: float(value) if str(value).endswith("Infinity") else value
                for key, value in one.items()
            }
            assert numbers == pytest.approx(other, abs=1e-9)
    segmenter.open(file).dbt_init(tmp_path / "again")
    for name in ("seeds/segment_rules.csv", "macros/classify_segment.sql"):
        assert (tmp_path / "again" / name).read_text() == (project.folder / name).read_text()


OWN_PROJECT = """
name: shop
version: "1.0.0"
profile: segments
vars:
  segments_transactions: sales
"""

OWN_MODEL = "{{ config(materialized='table') }} select * from public.raw_sales"


def test_a_package_in_a_project_that_swaps_the_table_in_postgresql(store, server, tmp_path, capsys):
    from segmenter.cli.app import app

    store.execute("alter table sales rename to raw_sales")
    file = tmp_path / "model.duckdb"
    project = Project(tmp_path / "own", "postgres", **environment(server, "scratch"))
    (project.folder / "models").mkdir(parents=True)
    project.add("dbt_project.yml", OWN_PROJECT)
    project.add("models/sales.sql", OWN_MODEL)
    segmenter_profile = profile("unused.duckdb", is_in_postgres=True)
    project.add("profiles.yml", segmenter_profile)
    project.dbt("run")
    source = Source(**{**vars(SALES), "transactions": "dbt.sales"})
    segmenter.fit(store, source, model_file=file)
    segmenter.open(file).dbt_init(project.folder / "segments")
    project.add("packages.yml", "packages:\n  - local: segments\n")
    project.dbt("deps")
    assert "ERROR=0" in project.dbt("build")
    ours = "select count(*) from pg_class where relnamespace = 'segments'::regnamespace"
    assert rows(store, ours) == [(2,)]  # rules and lines: dbt swapped the table that our views read
    dsn = psycopg.conninfo.make_conninfo(server, dbname="scratch")
    app(["publish", str(file), "--dsn", dsn], standalone_mode=False)
    assert "customer_segments" in capsys.readouterr().out
    check_alike(store, store)
    written = "select customer_id, xmin::text from dbt.customer_segments"
    before = dict(rows(store, written))
    store.execute(
        "insert into raw_sales select 7, 9000 + i, 500, '2024-05-29' from "
        "generate_series(1, 9) as t(i)"
    )
    store.execute("delete from raw_sales where customer_id = 3")
    assert "ERROR=0" in project.dbt("build")
    app(["publish", str(file), "--dsn", dsn], standalone_mode=False)
    check_alike(store, store)
    after = dict(rows(store, written))
    assert {one for one in before if before[one] != after.get(one)} == {3, 7}
