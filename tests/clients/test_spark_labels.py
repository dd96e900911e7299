"""Labels on Spark: folders of Parquet in and out, partition by partition."""

from __future__ import annotations

import duckdb
import pytest

import segmenter
from segmenter import SegmenterError, Source
from segmenter.engines.spark import Spark
from segmenter.operations.label_spark import Lake, label_on_spark
from tests.clients.conftest import COLUMNS
from tests.combinations import first_in_gate


@pytest.fixture
def profiles(shop, tmp_path):
    """Profiles in a lake with two partitions."""
    folder = tmp_path / "profiles"
    shop.execute(
        "create table profiles as select customer_id, sum(amount) as spent, count(*) as orders, "
        "customer_id % 2 as region from sales group by customer_id"
    )
    shop.execute("insert into profiles values (null, 'nan', 1, 1), (null, 5, null, 0)")
    shop.execute(f"copy profiles to '{folder}' (format parquet, partition_by (region))")
    return folder


def labels(con, folder, region="*"):
    query = (
        "select customer_id, spent, orders, region, segment, segment_rank "
        f"from read_parquet('{folder}/region={region}/*.parquet', hive_partitioning = true) "
        "order by all"
    )
    return con.execute(query).fetchall()


def test_a_lake_is_labelled_partition_by_partition(spark, shop, sales, profiles, tmp_path):
    model = segmenter.fit(shop, sales)
    engine, numbers = Spark(spark), {"monetary": "spent", "frequency": "orders"}
    out = tmp_path / "labelled"
    found = label_on_spark(engine, model, Lake(str(profiles), str(out)), **numbers)
    expected = shop.execute(
        "select p.* exclude (segment), segment, cast(segment_rank as integer) from (select "
        "customer_id, spent, orders, region, classify_segment(spent, orders) as segment "
        "from profiles) as p "
        "left join segments_internal.model_segments using (segment) order by all"
    ).fetchall()
    assert str(labels(shop, out)) == str(expected)  # NaN is not NaN
    assert (found.rows, found.unlabelled) == (62, 2)
    assert sum(found.by_segment.values()) == 60
    again = segmenter.open(shop).label(profiles, tmp_path / "again", session=spark, **numbers)
    assert again == found
    assert str(labels(shop, tmp_path / "again")) == str(expected)
    before = labels(shop, out, "0")
    shop.execute(f"copy (from profiles where region = 1 limit 3) to '{profiles}/new.parquet'")
    only = tmp_path / "only"
    (only / "region=1").mkdir(parents=True)
    (profiles / "new.parquet").rename(only / "region=1" / "new.parquet")
    label_on_spark(engine, model, Lake(str(only), str(out)), **numbers)
    assert labels(shop, out, "0") == before
    assert len(labels(shop, out, "1")) == 3


def test_transactions_are_added_up_and_labelled(spark, shop, sales, lake, tmp_path, capsys):
    from segmenter.cli.app import app

    file = tmp_path / "shop.duckdb"
    out = tmp_path / "labelled"
    with duckdb.connect(str(file)) as con:
        model = segmenter.fit(con, Source(transactions=f"{lake}/*.parquet", **COLUMNS))
        expected = con.execute(
            "select customer_id, segment from segments.customer_segments order by all"
        ).fetchall()
    assert len(model.segments) == 3
    words = ["label", str(file), "--engine", "spark", "--input", str(lake), "--output", str(out)]
    words += [word for name, text in COLUMNS.items() for word in (f"--{name}", text)]
    app([*words, "--quiet"], standalone_mode=False)
    query = f"select customer_id, segment from '{out}/*.parquet' order by all"
    assert shop.execute(query).fetchall() == expected
    with pytest.raises(SegmenterError, match="exist"):
        app(words, standalone_mode=False)
    app([*words, "--overwrite"], standalone_mode=False)
    assert shop.execute(query).fetchall() == expected


@first_in_gate(
    ("more", "message"),
    [
        ({"output": "{given}/x"}, "lies in it"),
        ({"given": "{given}s"}, "profiless"),
        ({"monetary": "spend"}, r"'spend' of monetary is not in .* Did you mean 'spent'"),
        ({"partition_by": ("month",)}, "partition_by = 'month' is no column of"),
    ],
    first=2,
)
def test_a_lake_that_cannot_be_labelled(spark, shop, sales, profiles, tmp_path, more, message):
    words = {"given": str(profiles), "output": str(tmp_path / "out"), "monetary": "spent"}
    for name, text in more.items():
        words[name] = text.format(given=profiles) if isinstance(text, str) else text
    numbers = {"monetary": words.pop("monetary"), "frequency": "orders"}
    with pytest.raises(SegmenterError, match=message):
        label_on_spark(Spark(spark), segmenter.fit(shop, sales), Lake(**words), **numbers)
    assert not (tmp_path / "out").exists()
