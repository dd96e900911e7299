"""Partitions on Spark: columns from the names of folders, one day at a time, and other layouts."""

from __future__ import annotations

import os
import re
from pathlib import Path

import duckdb
import pytest
from pyspark.sql import functions as sql

import segmenter
from segmenter import SegmenterError, Source
from segmenter.engines.spark import Spark
from segmenter.engines.spark_files import base_path
from segmenter.operations.label_spark import Lake, label_on_spark
from tests.clients.alike import check_same_model
from tests.clients.conftest import COLUMNS
from tests.combinations import first_in_gate

DAYS = ("2024-01-01", "2024-01-02", "2024-01-03")


@pytest.fixture
def days(shop, tmp_path):
    """Profiles of two shops on three days, in folders whose names are numbers and dates."""
    folder = tmp_path / "lake"
    shop.execute(
        "create table profiles as select customer_id, sum(amount) as monetary, count(*) as "
        "frequency, ['007', '7'][1 + customer_id % 2] as store, "
        "['2024-01-01', '2024-01-02', '2024-01-03'][1 + customer_id % 3] as day "
        "from sales group by customer_id"
    )
    shop.execute(f"copy profiles to '{folder}' (format parquet, partition_by (day, store))")
    return folder


@pytest.fixture
def model(shop, sales):
    return segmenter.fit(shop, sales)


def tree(folder):
    """Return each file of a folder with what is in it."""
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in Path(folder).rglob("*.parquet")
        if not file.name.startswith((".", "_"))
    }


def folders(folder):
    return sorted({os.path.dirname(name) for name in tree(folder)})


def rows(shop, folder, columns="customer_id, monetary, frequency, store, day"):
    query = (
        f"select {columns} from read_parquet('{folder}/**/*.parquet', hive_partitioning = true, "
        "hive_types_autocast = false) order by all"
    )
    return shop.execute(query).fetchall()


ALL = [f"day={day}/store={store}" for day in DAYS for store in ("007", "7")]


def test_each_day_comes_to_its_own_place(spark, shop, model, days, tmp_path):
    out, engine = tmp_path / "labels", Spark(spark)
    label_on_spark(engine, model, Lake(f"{days}/day={DAYS[0]}", str(out)))
    assert folders(out) == ALL[:2]
    label_on_spark(engine, model, Lake(f"{days}/day=2024-01-0[23]", str(out)))
    assert folders(out) == ALL
    assert rows(shop, out) == rows(shop, days)
    before = tree(out)
    for given in (
        f"{days}/day={DAYS[1]}/",
        f"{days}/day={DAYS[1]}/store=007",
        f"{days}/day={DAYS[1]}/store=007/*.parquet",
        f"{days}/*/store=007",
    ):
        label_on_spark(engine, model, Lake(given, str(out), overwrite=True))
        assert rows(shop, out) == rows(shop, days)
        after = tree(out)
        others = {name for name in before if name not in after}
        assert others <= {name for name in before if "/store=" in name and DAYS[1] in name} or (
            "*" in given
        )
        before = after
    assert spark.conf.get("spark.sql.sources.partitionColumnTypeInference.enabled") == "true"


def test_a_day_that_fails_leaves_the_others_and_itself(spark, shop, model, days, tmp_path):
    out, engine = tmp_path / "labels", Spark(spark)
    label_on_spark(engine, model, Lake(str(days), str(out)))
    before = tree(out)
    broken = days / f"day={DAYS[1]}" / "store=7" / "broken.parquet"
    good = next(broken.parent.glob("*.parquet")).read_bytes()
    broken.write_bytes(good[:4] + bytes(len(good) // 2) + good[4 + len(good) // 2 :])
    with pytest.raises(SegmenterError):
        label_on_spark(engine, model, Lake(f"{days}/day={DAYS[1]}", str(out), overwrite=True))
    assert tree(out) == before
    broken.unlink()
    label_on_spark(engine, model, Lake(f"{days}/day={DAYS[1]}", str(out)))
    assert rows(shop, out) == rows(shop, days)


def test_another_layout_is_refused(spark, shop, model, days, tmp_path):
    out, plain, engine = tmp_path / "labels", tmp_path / "plain", Spark(spark)
    shop.execute(f"copy profiles to '{tmp_path}/flat.parquet'")
    flat = f"{tmp_path}/flat.parquet"
    label_on_spark(engine, model, Lake(str(days), str(out)))
    label_on_spark(engine, model, Lake(flat, str(plain)))
    before = tree(out), tree(plain)
    for given, output, by in (
        (flat, out, ()),
        (flat, out, ("store",)),
        (f"{days}/day={DAYS[0]}", out, ("store", "day")),
        (str(days), plain, ()),
    ):
        for overwrite in (False, True):
            with pytest.raises(SegmenterError, match=r"partition") as error:
                label_on_spark(engine, model, Lake(given, str(output), by, overwrite=overwrite))
            assert "overwrite" not in str(error.value)
            assert (tree(out), tree(plain)) == before
    advice = str(error.value)
    with pytest.raises(SegmenterError) as error:
        label_on_spark(engine, model, Lake(flat, str(out)))
    asked = tuple(re.findall(r"partition_by = '(\w+)'", str(error.value)))
    label_on_spark(engine, model, Lake(flat, str(out), asked))
    assert rows(shop, out) == rows(shop, days)
    assert "Name another output" in advice
    with pytest.raises(SegmenterError, match="exists already and has no partitions"):
        label_on_spark(engine, model, Lake(flat, str(plain)))
    label_on_spark(engine, model, Lake(flat, str(plain), overwrite=True))
    assert folders(plain) == [""]
    (plain / "notes.txt").write_text("mine")
    with pytest.raises(SegmenterError, match=r"holds other files than labels.*notes\.txt"):
        label_on_spark(engine, model, Lake(flat, str(plain), overwrite=True))
    assert (plain / "notes.txt").exists()


@pytest.mark.extended
def test_an_output_that_is_replaced_stays_when_it_fails(spark, shop, model, tmp_path):
    given, plain, engine = tmp_path / "given", tmp_path / "plain", Spark(spark)
    given.mkdir()
    shop.execute(f"copy (from segments.customer_profile) to '{given}/a.parquet'")
    label_on_spark(engine, model, Lake(str(given), str(plain)))
    before = tree(plain)
    good = (given / "a.parquet").read_bytes()
    (given / "b.parquet").write_bytes(good[:4] + bytes(len(good) // 2) + good[4 + len(good) // 2 :])
    with pytest.raises(SegmenterError):
        label_on_spark(engine, model, Lake(str(given), str(plain), overwrite=True))
    assert tree(plain) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["given", "plain"]


@pytest.mark.extended
def test_a_fit_reads_the_same_columns(spark, shop, tmp_path):
    folder = tmp_path / "lake"
    shop.execute(
        "create table by_store as select *, ['007', '7'][1 + customer_id % 2] as store, "
        "strftime(sold_at, '%Y-%m') as month from sales"
    )
    shop.execute(f"copy by_store to '{folder}' (format parquet, partition_by (month, store))")
    for given, where in (
        (str(folder), "store = '007' and month >= '2024-02'"),
        (f"{folder}/month=2024-0*", "store = '007'"),
        (f"{folder}/month=2024-03", "month = '2024-03' and store || 'x' = '7x'"),
    ):
        expected = segmenter.fit(
            shop,
            Source(
                transactions="by_store",
                where=where if given == str(folder) else f"month like '2024-0%' and {where}",
                **COLUMNS,
            ),
            publish=True,
            replace=True,
        )
        found = segmenter.fit(spark, Source(transactions=given, where=where, **COLUMNS))
        check_same_model(found, expected)
        query = "select customer_id, segment from {}customer_segments order by 1"
        there = [tuple(row) for row in spark.sql(query.format("")).collect()]
        assert there == shop.execute(query.format("segments.")).fetchall()


@first_in_gate(
    ("one", "two"),
    [
        ("integer", "double"),
        ("double", "integer"),
        ("decimal(10, 2)", "decimal(10, 4)"),
        ("decimal(10, 4)", "decimal(10, 2)"),
        ("decimal(6, 2)", "decimal(18, 2)"),
        ("integer", "bigint"),
        ("float", "double"),
        ("varchar", "double"),
    ],
    first=3,
)
def test_files_of_different_types_are_read_right_or_refused(spark, shop, tmp_path, one, two):
    folder = tmp_path / "mixed"
    folder.mkdir()
    for n, kind in enumerate((one, two)):
        shop.execute(
            f"copy (select customer_id, order_id, cast(amount * 4 as {kind}) as amount, sold_at, "
            f"cast(1 as {('varchar', 'integer')[n]}) as unused from sales "
            f"where order_id % 2 = {n}) to '{folder}/{n}.parquet'"
        )
    shop.execute(
        f"create table mixed as select customer_id, order_id, cast(case when order_id % 2 = 0 then "
        f"cast(amount * 4 as {one})::double else cast(amount * 4 as {two})::double end as double) "
        "as amount, sold_at from sales"
    )
    expected = segmenter.fit(shop, Source(transactions="mixed", **COLUMNS))
    amount = "cast(amount as double)"
    source = Source(transactions=str(folder), **{**COLUMNS, "amount": amount})
    said = ""
    try:
        found = segmenter.fit(spark, source)
    except SegmenterError as error:
        said = str(error)
    if said:
        assert "one type" in said
    else:
        check_same_model(found, expected)


@pytest.mark.extended
def test_a_column_that_the_first_file_lacks_is_kept(spark, shop, model, tmp_path):
    given, out = tmp_path / "given", tmp_path / "out"
    given.mkdir()
    profile = "from segments.customer_profile where customer_id"
    shop.execute(f"copy (select monetary, frequency {profile} < 30) to '{given}/a.parquet'")
    shop.execute(f"copy (select *, 'x' as note {profile} >= 30) to '{given}/b.parquet'")
    label_on_spark(Spark(spark), model, Lake(str(given), str(out)))
    with duckdb.connect() as con:
        query = f"select count(*), count(note), count(customer_id) from '{out}/*.parquet'"
        assert con.execute(query).fetchone() == (60, 30, 30)


NAMES = ("it\\'s", "\\\\", "a'b ${spark.app.name} ${env:HOME}")


def test_names_mean_the_same_under_any_settings(spark, shop, sales, lake):
    settings = segmenter.Settings(names=NAMES)
    expected = segmenter.fit(shop, sales, settings)
    odd = {
        "spark.sql.parser.escapedStringLiterals": "true",
        "spark.sql.variable.substitute": "true",
    }
    before = {name: spark.conf.get(name) for name in odd}
    where = r"order_id::varchar <> '\' and regexp_matches(order_id::varchar, '^\d+$')"
    try:
        for name, value in odd.items():
            spark.conf.set(name, value)
        source = Source(transactions=f"{lake}/*.parquet", where=where, **COLUMNS)
        check_same_model(segmenter.fit(spark, source, settings), expected)
        assert {name: spark.conf.get(name) for name in odd} == odd
        found = spark.table("customer_segments").select("segment").distinct()
        assert {row.segment for row in found.collect()} == set(NAMES)
        count = spark.table("customer_segments").agg(sql.count_distinct("segment_rank")).first()
        assert count is not None
        assert count[0] == 3
    finally:
        for name, value in before.items():
            spark.conf.set(name, value)


@pytest.mark.parametrize(
    ("path", "base"),
    [
        ("/lake/day=1", "/lake/"),
        ("/lake/day=1/", "/lake/"),
        ("/lake/day=*/store=7", "/lake/"),
        ("/run=3/lake/day=1/x.parquet", "/run=3/lake/"),
        ("/lake/{a,b}", "/lake/"),
        ("/lake", None),
        ("/run=3/lake", None),
        ("s3a://bucket/day=1", "s3a://bucket/"),
        ("hdfs:///lake/day=1", "hdfs:///lake/"),
    ],
)
def test_the_base_is_the_nearest_folder_that_is_no_partition(path, base):
    assert base_path(path) == base
