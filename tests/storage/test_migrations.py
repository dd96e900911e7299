"""Files of an older layout: they answer as they did, and are migrated by whatever writes."""

from __future__ import annotations

import gzip
import json
import os
import shutil
from pathlib import Path

import duckdb
import pytest

import segmenter
from segmenter import SegmenterError, Source
from segmenter.operations.forget import Forgetting
from segmenter.operations.refresh import Refresh
from segmenter.schema.names import LAYOUT_VERSION, require_model, stored_layout
from segmenter.storage import store
from segmenter.storage.publish import delete, updating

OLD = Path(__file__).parent / "layout_3"

KINDS = ("shop", "points", "frame", "rules")

RENAMED = {
    "share": {"segment_summary": "share_of_customers", "data_quality": "share_of_total"},
    "words": {"drift": "message", "data_quality": "message", "model_quality": "message"},
    "orders_needed": {"customer_upgrades": "frequency_needed"},
    "segment_by_orders": {"customer_upgrades": "segment_by_frequency"},
    "rank_a": {"compare_models": "segment_rank_a"},
    "rank_b": {"compare_models": "segment_rank_b"},
    "rank_from": {"segment_moves": "segment_rank_from"},
    "rank_to": {"segment_moves": "segment_rank_to"},
    "rank_change": {"customer_moves": "ranks_up"},
}
"""What the columns of layout 3 are called now, in each object."""

QUERIES = {
    "customer_segments": "from segments.customer_segments order by customer_id",
    "customer_segments_snapshot": "from segments.customer_segments_snapshot order by customer_id",
    "customer_profile": "from segments.customer_profile order by customer_id",
    "segment_summary": "from segments.segment_summary",
    "segment_summary_snapshot": "from segments.segment_summary_snapshot",
    "segment_rules": "from segments.segment_rules order by frequency_from, monetary_from",
    "customer_upgrades": "from segments.customer_upgrades order by customer_id",
    "drift": "from segments.drift",
    "data_quality": "from segments.data_quality",
    "model_segments": "from segments_internal.model_segments order by all",
    "model_points": "from segments_internal.model_points order by all",
    "model_rules": "from segments_internal.model_rules order by all",
    "model_splits": "from segments_internal.model_splits order by all",
    "model_quality": "from segments.model_quality order by model_id, metric",
    "backtest": "from segments.backtest order by all",
    "snapshots": "from segments_internal.snapshots",
    "segment_moves": "from segments.segment_moves(timestamp '2024-02-01', '2024-05-01') "
    "order by all",
    "customer_moves": "from segments.customer_moves('2024-02-01', timestamp '2024-05-01') "
    "order by customer_id",
    "compare_models": "from segments.compare_models(1, 2) order by all",
    "compare_rules": "from segments.compare_rules(1, 2) order by all",
    "classify_segment": "select m * 25 as monetary, f as frequency, "
    "segments.classify_segment(m * 25, f) as segment, classify_segment(m * 25, f) as in_main "
    "from range(0, 100, 7) as a(m), range(12) as b(f) order by all",
    "explain_segment": "select unnest(segments.explain_segment(250, 3))",
}


@pytest.fixture
def old(tmp_path):
    """Return a function that unpacks a file of layout 3."""

    def unpack(name: str) -> Path:
        path = tmp_path / f"{name}.duckdb"
        with gzip.open(OLD / f"{name}.duckdb.gz") as packed, path.open("wb") as file:
            shutil.copyfileobj(packed, file)
        return path

    return unpack


def expected(name: str) -> dict[str, list[dict[str, object]]]:
    """Return what layout 3 answered, under the names of today."""
    answers = json.loads((OLD / f"{name}.json").read_text())
    return {
        key: [
            {
                RENAMED.get(column, {}).get(key.removesuffix("_snapshot"), column): value
                for column, value in zip(answer["columns"], row, strict=True)
                if column != "rule"  # its words are no figures
            }
            for row in answer["rows"]
        ]
        for key, answer in answers.items()
    }


def assert_answers(con: duckdb.DuckDBPyConnection, name: str):
    """Every object says what it said; it may say more."""
    wanted = expected(name)
    asked = [key for key in QUERIES if key in wanted]
    if duckdb.__version__.startswith("1."):  # its quantiles differ from those of 2 in the last bit
        asked = [key for key in asked if key != "drift"]
    assert len(asked) > 8
    for key in asked:
        found = con.execute(QUERIES[key])
        names = [column[0] for column in found.description]
        rows = json.loads(json.dumps(found.fetchall(), default=str))
        got = [dict(zip(names, row, strict=True)) for row in rows]
        if key == "data_quality":  # which has more checks
            known = {row["check_name"] for row in wanted[key]}
            got = [row for row in got if row["check_name"] in known]
        assert len(got) == len(wanted[key]), key
        for one, other in zip(got, wanted[key], strict=True):
            assert {column: one[column] for column in other} == other, key


@pytest.mark.parametrize("name", KINDS)
def test_an_older_file_answers_on_a_read_only_disk(old, name):
    path = old(name)
    path.chmod(0o444)
    path.parent.chmod(0o555)
    try:
        before = path.read_bytes()
        with duckdb.connect(str(path), read_only=True) as con:
            require_model(con)
            assert_answers(con, name)
            model = segmenter.load(con)
            assert model.segmentation.splits[0].higher_segments is None
            whales = "select count(*) from segments.customer_segments where is_above_monetary"
            if name == "shop":
                assert con.execute(whales).fetchone() == (1,)
        assert path.read_bytes() == before
        assert os.listdir(path.parent) == [path.name]
    finally:
        path.parent.chmod(0o755)


@pytest.mark.parametrize("name", KINDS)
def test_a_writing_command_migrates_and_nothing_is_answered_otherwise(old, name):
    path = old(name)
    with duckdb.connect(str(path)) as con:
        require_model(con)
        with updating(con):
            pass
        assert stored_layout(con) == LAYOUT_VERSION
    with duckdb.connect(str(path), read_only=True) as con:
        assert_answers(con, name)
        tables = con.execute("select schema_name, table_name from duckdb_tables()").fetchall()
        assert {schema for schema, table in tables if table != "sales"} <= {
            "segments_internal",
            "main",
        }
        assert con.execute(
            "select distinct layout_version from segments_internal.models"
        ).fetchall() == [(LAYOUT_VERSION,)]
        uncommented = con.execute(  # what people read
            "select table_name, column_name from duckdb_columns() "
            "where schema_name = 'segments' and comment is null"
        ).fetchall()
        assert uncommented == []


def test_every_way_to_write_migrates(old):
    def refresh(con):
        with Refresh(con) as work:
            work.prepare()
            work.store()

    def forget(con):
        work = Forgetting(con)
        work.prepare("7")
        work.store()

    def rollback(con):
        model = store.load(con, 1)
        with segmenter.training.stage.Stage(
            con, Source.from_dict(model.source), model.settings
        ) as stage:
            stage.add_up()
            segmenter.storage.publish.publish(con, model, stage.binding, stage.customers)

    def fit(con):
        source = Source(
            transactions="sales",
            customer="customer_id",
            amount="amount",
            order="order_id",
            date="sold_at",
        )
        segmenter.fit(con, source, publish=True)

    for write in (refresh, forget, rollback, fit, lambda con: delete(con, [1])):
        path = old("shop")
        with duckdb.connect(str(path)) as con:
            require_model(con)
            write(con)
            assert stored_layout(con) == LAYOUT_VERSION
            assert con.execute("select current_setting('search_path')").fetchone()[0] in (
                "",
                "shop.main",
            )
            assert con.execute("select count(*) from segments.segment_summary").fetchone()[0] >= 3
        path.unlink()


def test_an_older_file_whose_source_is_gone_says_so_and_stays(old):
    path = old("shop")
    with duckdb.connect(str(path)) as con:
        con.execute("drop table sales")
        require_model(con)
        assert con.execute("select count(*) from segments.models").fetchone() == (2,)
        with pytest.raises(SegmenterError, match=r"views cannot be made anew.*sales.*Put it back"):
            delete(con, [1])
        assert stored_layout(con) == 3
        assert con.execute("select count(*) from segments.models").fetchone() == (2,)


def test_a_newer_layout_is_refused_with_both_numbers(old):
    with duckdb.connect(str(old("shop"))) as con:
        with updating(con):
            con.execute("update segments_internal.models set layout_version = 9")
        with pytest.raises(SegmenterError, match=r"has layout 9, and .* reads layouts 3 to 4\."):
            require_model(con)


def test_a_foreign_internal_schema_is_left_alone(old):
    with duckdb.connect(str(old("shop"))) as con:
        con.execute("create schema segments_internal")
        con.execute("create table segments_internal.models as select 1 as a")
        require_model(con)
        assert con.execute("select count(*) from segments.models").fetchone() == (2,)
        source = Source(
            transactions="sales",
            customer="customer_id",
            amount="amount",
            order="order_id",
            date="sold_at",
        )
        with pytest.raises(SegmenterError, match=r"already has segments_internal\.models"):
            segmenter.fit(con, source)
        with pytest.raises(SegmenterError, match=r"already has segments_internal\.models"):
            delete(con, [1])
        con.execute("drop table segments_internal.models")
        delete(con, [1])
        assert stored_layout(con) == LAYOUT_VERSION


def test_a_damaged_older_model_is_not_migrated(old):
    with duckdb.connect(str(old("shop"))) as con:
        con.execute("update segments.models set settings = 'x' where model_id = 1")
        require_model(con)
        with pytest.raises(SegmenterError, match=r"damaged: segments\.models"):
            delete(con, [1])
        assert stored_layout(con) == 3
