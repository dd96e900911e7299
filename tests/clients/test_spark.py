"""Fits on Spark: the same model as DuckDB's, function and views over there, and what goes wrong."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import duckdb
import pytest

import segmenter
from segmenter import SegmenterError, Settings, Source
from segmenter.engines.spark import Spark, start_spark
from segmenter.storage.publish import store_unpublished
from tests.clients.alike import CUSTOMERS, OWN, check_same_model
from tests.clients.conftest import COLUMNS, QUICK
from tests.clients.random_models import EXPLAINED, explained_borders
from tests.combinations import first_in_gate


@pytest.fixture
def in_lake(sales, lake):
    return replace(sales, transactions=f"{lake}/*.parquet")


def rows(spark, query):
    return [tuple(row) for row in spark.sql(query).collect()]


def test_each_data_set_gives_the_same_model_and_segments(spark, fitted, tmp_path):
    for part in range(4):
        fitted.con.execute(
            f"copy (select * from (select *, row_number() over () as place from {fitted.name}) "
            f"where hash(place) % 4 = {part} order by hash(place + 1)) "
            f"to '{tmp_path}/{part}.parquet'"
        )
    source = replace(fitted.source, transactions=f"{tmp_path}/*.parquet")
    file = tmp_path / "model.duckdb"
    model = segmenter.fit(spark, source, model_file=file)
    check_same_model(model, fitted.model)
    expected = fitted.con.execute(CUSTOMERS.format("segments.")).fetchall()
    assert rows(spark, CUSTOMERS.format("")) == expected
    with duckdb.connect(str(file), read_only=True) as con:
        check_same_model(segmenter.load(con), fitted.model)
        rules = "from segments.segment_rules order by all"
        assert con.execute(rules).fetchall() == fitted.con.execute(rules).fetchall()
        (found,) = con.execute("select sum(customers) from segments.segment_summary").fetchone()
        assert found == fitted.model.points.n_customers


def test_a_window_and_conditions(spark, shop, sales, in_lake):
    more = {"window": "8 weeks", "where": "amount between 12 and 200 and order_id % 7 <> 0"}
    expected = segmenter.fit(shop, replace(sales, **more))
    check_same_model(segmenter.fit(spark, replace(in_lake, **more)), expected)
    for name in ("customer_profile", "customer_segments", *OWN):
        query = f"select * from {{}}{name} order by 1, 3"
        assert rows(spark, query.format("")) == shop.execute(query.format("segments.")).fetchall()
    query = "select * from {}segment_summary order by segment_rank"
    summary = shop.execute(query.format("segments.")).fetchall()
    for row, known in zip(rows(spark, query.format("")), summary, strict=True):
        assert row[:3] == known[:3]
        assert row[3:] == pytest.approx(known[3:], rel=1e-12)
    (found,) = rows(spark, "select classify_segment(250, 3), classify_segment(null, 3)")
    assert found == (shop.execute("select classify_segment(250, 3)").fetchone()[0], None)
    with duckdb.connect() as con:
        known = explained_borders(con, expected)
        spark.createDataFrame(con.sql("from probe").to_arrow_table()).createTempView("probe")
    found = [each and each.asDict() for (each,) in rows(spark, EXPLAINED.format(""))]
    spark.catalog.dropTempView("probe")
    assert found == known


@pytest.mark.extended
def test_too_many_points_are_coarsened_alike(spark, con):
    con.execute(
        "create table base as select i as customer_id, round(exp(hash(i) % 900 / 100.0), 2) * "
        "(1 + i % 3) as monetary, 1 + i % 3 as frequency from range(3000) as t(i)"
    )
    settings = Settings(max_points=200)
    expected = segmenter.fit(con, Source(profile="base"), settings)
    frame = con.sql("from base").to_arrow_table()
    found = segmenter.fit(spark, Source(profile=frame), settings)
    assert expected.relative_step is not None
    check_same_model(found, expected)


FAILS_ONCE = """
    case
        when
            reflect(
                'java.lang.System', 'setProperty', 'segmenter.task' || spark_partition_id(), 'ran'
            ) = 'null'  -- as a text: there was no such property before
            and spark_partition_id() = 1
            then raise_error('this task fails the first time')
        else true
    end
"""


@pytest.mark.extended
def test_a_task_that_fails_once_changes_nothing(spark, shop, sales):
    frame = spark.createDataFrame(shop.sql("from sales").to_arrow_table()).repartition(3)
    found = segmenter.fit(spark, replace(sales, transactions=frame.filter(FAILS_ONCE)))
    query = "select reflect('java.lang.System', 'getProperty', 'segmenter.task1')"
    assert rows(spark, query) == [("ran",)]
    check_same_model(found, segmenter.fit(shop, sales))


KILLED = """
import os, signal
from segmenter.engines.spark import Spark

def publish(self, statements):
    with self.asking():
        for statement in list(statements)[:3]:
            self.session.sql(statement)
        os.kill(os.getpid(), signal.SIGKILL)

Spark.publish = publish
"""

FITS = """
import json, sys
from segmenter.cli.app import app
from segmenter.engines.spark import start_spark

words, query = map(json.loads, sys.argv[1:])
session = start_spark("local[2]", dict(word.split("=", 1) for word in words if "=" in word))
app(words, standalone_mode=False)
found = session.newSession().sql(query).collect()
print(json.dumps([list(row) for row in found], default=str))
"""


def test_a_killed_driver_leaves_no_model_and_a_restart_completes(in_lake, shop, sales, tmp_path):
    """In a Hive catalog of its own; the driver dies between two statements of publishing."""
    query = CUSTOMERS.format("segments.")
    expected = segmenter.fit(shop, sales)
    conf = {
        "spark.sql.catalogImplementation": "hive",
        "spark.sql.warehouse.dir": tmp_path / "warehouse",
        "spark.hadoop.javax.jdo.option.ConnectionURL": f"jdbc:derby:;databaseName={tmp_path}/"
        "metastore;create=true",
        **QUICK,
    }
    file = tmp_path / "model.duckdb"
    words = ["fit", str(file), "--engine", "spark", "--quiet", "--format", "json"]
    words += ["--transactions", in_lake.transactions]
    words += [word for name, text in COLUMNS.items() for word in (f"--{name}", text)]
    words += [word for name, value in conf.items() for word in ("--spark-conf", f"{name}={value}")]

    def run(program):
        started = subprocess.Popen(
            [sys.executable, "-c", program, json.dumps(words), json.dumps(query)],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYSPARK_PYTHON": "false"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        out, err = started.communicate(timeout=180)
        _wait_for_group(started.pid)
        return started.returncode, out, err

    code, _, err = run(KILLED + FITS)
    assert code == -signal.SIGKILL, err
    with duckdb.connect(str(file)) as con:
        assert not con.execute("select * from duckdb_tables()").fetchall()
    code, out, err = run(FITS)
    assert code == 0, err
    found = json.loads(out.splitlines()[-1])
    assert found == [
        [value if isinstance(value, str | int | float) else str(value) for value in row]
        for row in shop.execute(query).fetchall()
    ]
    with duckdb.connect(str(file), read_only=True) as con:
        check_same_model(segmenter.load(con), expected)


def _wait_for_group(group):
    """Wait until the JVM of a driver is gone too."""
    for _ in range(600):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    raise AssertionError("the JVM outlives its driver")


def test_what_fails_over_there_leaves_no_model(spark, in_lake, tmp_path, monkeypatch):
    file = tmp_path / "model.duckdb"

    def refused(self, statements):
        raise SegmenterError("no permission")

    with monkeypatch.context() as patch:
        patch.setattr(Spark, "publish", refused)
        with pytest.raises(SegmenterError, match="no permission"):
            segmenter.fit(spark, in_lake, model_file=file)
    with duckdb.connect(str(file)) as con:
        assert not con.execute("select * from duckdb_tables()").fetchall()
    spark.conf.set("spark.sql.session.timeZone", "Asia/Tokyo")
    try:
        segmenter.fit(spark, in_lake, model_file=file)
        assert spark.conf.get("spark.sql.session.timeZone") == "Asia/Tokyo"
    finally:
        spark.conf.set("spark.sql.session.timeZone", "UTC")
    left = {row.tableName for row in spark.sql("show tables").collect()}
    assert not {name for name in left if name.startswith("segmenter_")} - {"segmenter_frame"}
    with duckdb.connect(str(file)) as con:
        model = segmenter.load(con)
        assert model.source["engine"] == "spark"
        with pytest.raises(SegmenterError, match=r"was read by spark.*segmenter.fit"):
            segmenter.fit(con, Source.from_dict(model.source))
    assert "CREATE OR REPLACE VIEW" in segmenter.export(model, "spark", table="lake.sales")


@pytest.mark.extended
def test_rows_that_change_meanwhile_stop_the_fit(spark, shop, sales):
    frame = spark.createDataFrame(shop.sql("from sales").to_arrow_table()).repartition(3)
    once = """
        order_id <> 3 or reflect(
            'java.lang.System', 'setProperty', 'segmenter.seen', cast(order_id as string)
        ) = 'null'
    """
    changing = replace(sales, transactions=frame.filter(once))
    with pytest.raises(SegmenterError, match=r"changed while it was read: it had \d+ rows worth"):
        segmenter.fit(spark, changing)


@first_in_gate(
    ("changed", "message"),
    [
        ({"transactions": "nowhere.sales"}, r"nowhere"),
        ({"amount": "amout"}, r"'amout' of amount is not in .* Did you mean 'amount'"),
        ({"amount": "sold_at"}, "is TIMESTAMP, not a number"),
        ({"amount": "sum(amount)"}, "not an aggregate"),
        ({"where": "amount"}, "not a condition"),
        ({"where": "amount < 0"}, "Nothing to fit|no rows"),
        ({"amount": "case when order_id = 3 then 'nan'::double else amount end"}, "must be finite"),
        ({"exclude": "staff"}, "exclude is not understood by Spark"),
        ({"attributes": ["country"]}, "with Spark these stay over there. Leave attributes out"),
    ],
    first=5,
)
def test_bad_input_is_a_sentence(spark, in_lake, changed, message):
    with pytest.raises(SegmenterError, match=message):
        segmenter.fit(spark, replace(in_lake, **changed))


def test_points_cannot_be_forgotten(spark, in_lake):
    with pytest.raises(SegmenterError, match="kept with its anonymous points"):
        segmenter.fit(spark, in_lake, Settings(forget_points=True))


def test_the_command_line(spark, lake, tmp_path, monkeypatch, capsys):
    from segmenter.cli.app import app

    file = tmp_path / "model.duckdb"
    words = ["fit", str(file), "--engine", "spark", "--transactions", f"{lake}/*.parquet"]
    words += ["--customer", "customer_id", "--amount", "amount", "--format", "json"]
    app(words, standalone_mode=False)
    out, err = capsys.readouterr()
    assert [row["segment"] for row in json.loads(out)["rows"]] == ["Elite", "Loyal", "At-Risk"]
    assert "for this session" in err
    with duckdb.connect(str(file)) as con:
        model = segmenter.load(con)
        named = tuple(one._replace(name=one.name.upper()) for one in model.segments)
        segmentation = replace(model.segmentation, segments=named)
        other = replace(model, model_id=None, segmentation=segmentation)
        assert store_unpublished(con, other, None).model_id == 2
    app(["rollback", str(file), "2"], standalone_mode=False)
    found = {name for (name,) in rows(spark, "select distinct segment from customer_segments")}
    assert found == {"ELITE", "LOYAL", "AT-RISK"}
    for wrong, message in (
        (["fit", str(file), "--model", str(file)], "there is no --model any more"),
        (["fit", str(file), "--master", "local"], "--master belongs to --engine spark"),
        (["fit", str(file), "--engine", "spark", "--spark-conf", "a"], "must be KEY=VALUE"),
    ):
        columns = ["--transactions", "t", "--customer", "c", "--amount", "a"]
        with pytest.raises(SegmenterError, match=message):
            app([*wrong, *columns], standalone_mode=False)


def test_without_pyspark_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyspark.sql", None)
    with pytest.raises(SegmenterError, match=r"pip install 'duckdb-segmenter\[spark\]'"):
        start_spark()


def test_without_java_it_says_so(monkeypatch, tmp_path):
    env = {**os.environ, "JAVA_HOME": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
    call = "import sys; from segmenter.cli import main; sys.argv[0] = 'segmenter'; main()"
    words = ["fit", "m.duckdb", "--engine", "spark", "--transactions", "t", "--customer", "c"]
    done = subprocess.run(
        [sys.executable, "-c", call, *words, "--amount", "a"],
        env=env,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 2
    assert "segmenter: Spark does not start, most likely because there is no Java" in done.stderr
    assert "Traceback" not in done.stderr
