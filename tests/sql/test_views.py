"""The published objects: live, complete, and the same as the model says."""

from __future__ import annotations

import re

import duckdb
import pytest

import segmenter
from segmenter import SegmenterError, Settings, Source
from segmenter.operations.refresh import Refresh
from tests.datasets import SHOP


def rows(con, query):
    return con.execute(query).fetchall()


def test_each_customer_has_a_segment(fitted):
    total, known, distinct = rows(
        fitted.con,
        "select count(*), count(segment), count(distinct customer_id) "
        "from segments.customer_segments",
    )[0]
    assert total == known == distinct == fitted.model.customers
    assert rows(fitted.con, "select sum(customers) from segments.segment_summary") == [(total,)]


def test_three_segments_with_their_names(fitted):
    names = rows(fitted.con, "select segment, segment_rank from segments.segment_summary")
    assert names == [("Elite", 1), ("Loyal", 2), ("At-Risk", 3)]


def test_summary_adds_up(fitted):
    share, revenue_share, revenue = rows(
        fitted.con,
        "select sum(share_of_customers), sum(share_of_revenue), sum(revenue) "
        "from segments.segment_summary",
    )[0]
    assert share == pytest.approx(1)
    assert revenue_share == pytest.approx(1)
    (expected,) = rows(fitted.con, "select sum(monetary) from segments.customer_profile")[0]
    assert revenue == pytest.approx(expected)


def test_is_whale_uses_the_stored_cut(fitted):
    assert rows(fitted.con, "select count(*) from segments.customer_segments where is_whale") == [
        (fitted.model.whales,)
    ]


def test_rules_cover_each_customer_exactly_once(fitted):
    found = rows(
        fitted.con,
        """
        select count(*), count(distinct customer_id), count(*) filter (rule.segment = c.segment)
        from segments.customer_segments as c
        inner join segments.segment_rules as rule
            on c.frequency between rule.frequency_from and rule.frequency_to
            and c.monetary >= rule.monetary_from and c.monetary < rule.monetary_below
        """,
    )
    assert found == [(fitted.model.customers,) * 3]


def test_macro_and_search_agree_at_every_customer(fitted):
    query = """
        select count(*) from segments.customer_segments
        where segment is distinct from classify_segment_knn(monetary, frequency)
    """
    assert rows(fitted.con, query) == [(0,)]


def test_a_new_transaction_moves_its_customer_without_a_refit(shop, sales):
    segmenter.fit(shop, sales)
    query = "select segment from segments.customer_segments where customer_id = 3"
    assert rows(shop, query) == [("At-Risk",)]
    shop.execute("insert into sales select 3, 10000 + i, 500, '2024-06-01' from range(20) as t(i)")
    assert rows(shop, query) == [("Elite",)]


def test_many_rules_are_joined_instead_of_compiled(shop, sales):
    plain = segmenter.fit(shop, sales)
    expected = rows(shop, "select customer_id, segment from segments.customer_segments order by 1")
    many = segmenter.fit(shop, sales, Settings(max_rules=1))
    assert plain.has_macro
    assert not many.has_macro
    assert expected == rows(
        shop, "select customer_id, segment from segments.customer_segments order by 1"
    )
    with pytest.raises(duckdb.CatalogException):
        shop.execute("select classify_segment(1, 1)")


@pytest.mark.parametrize(
    ("monetary", "frequency"),
    [
        ("null", "1"),
        ("1", "null"),
        ("'nan'::double", "1"),
        ("1", "'inf'::double"),
        ("'-inf'::double", "1"),
    ],
)
def test_what_is_no_number_has_no_segment(fitted, monetary, frequency):
    for function in ("classify_segment", "classify_segment_knn"):
        assert rows(fitted.con, f"select {function}({monetary}, {frequency})") == [(None,)]


def test_extreme_inputs_are_defined(fitted):
    query = """
        select count(*), count(classify_segment(m, f)),
            count(*) filter (classify_segment(m, f) = classify_segment_knn(m, f))
        from unnest([-1e300, -1e12, -0.01, 0, 1e12, 1e300]) as a(m),
            unnest([-1e300, -5, 0, 0.5, 1e6, 1e300]) as b(f)
    """
    assert rows(fitted.con, query) == [(36, 36, 36)]


def test_a_refit_is_the_next_version(shop, sales):
    segmenter.fit(shop, sales)
    second = segmenter.fit(shop, sales, Settings(names=("A", "B", "C")))
    assert second.model_id == 2
    assert rows(shop, "select model_id, is_current from segments_internal.models order by 1") == [
        (1, False),
        (2, True),
    ]
    assert rows(shop, "select distinct segment from segments.customer_segments order by 1") == [
        ("A",),
        ("B",),
        ("C",),
    ]


def test_the_model_survives_the_store(fitted):
    loaded = segmenter.load(fitted.con)
    made = fitted.model
    assert loaded.segments == made.segments
    assert loaded.splits == made.splits
    assert loaded.settings == made.settings
    assert loaded.segmentation.scaling == made.segmentation.scaling
    for name in ("cents", "frequency", "customers"):
        assert (getattr(loaded.points, name) == getattr(made.points, name)).all()
    for name in ("frequency_from", "frequency_to", "cents_from", "cents_below", "segment"):
        assert (getattr(loaded.rules, name) == getattr(made.rules, name)).all()


def test_a_failed_fit_leaves_the_model_before(shop, sales, monkeypatch):
    segmenter.fit(shop, sales)
    before = rows(shop, "select * from segments_internal.models"), rows(shop, "from duckdb_views()")
    monkeypatch.setattr("segmenter.storage.publish.create_view", lambda *_: "select * from nowhere")
    with pytest.raises(duckdb.CatalogException):
        segmenter.fit(shop, sales, Settings(n_neighbors=3))
    assert before == (
        rows(shop, "select * from segments_internal.models"),
        rows(shop, "from duckdb_views()"),
    )


def test_a_foreign_schema_is_left_alone(shop, sales):
    shop.execute("create schema segments; create table segments.mine (i integer)")
    with pytest.raises(SegmenterError, match=r"segments\.mine, which Segmenter did not make"):
        segmenter.fit(shop, sales)
    assert rows(shop, "select count(*) from segments.mine") == [(0,)]


def test_a_foreign_macro_is_left_alone(shop, sales):
    shop.execute("create macro classify_segment(x) as x")
    with pytest.raises(SegmenterError, match=r"classify_segment\(\), which Segmenter did"):
        segmenter.fit(shop, sales)


def test_a_fit_inside_a_transaction_is_refused(shop, sales):
    shop.execute("begin")
    with pytest.raises(SegmenterError, match="inside a transaction"):
        segmenter.fit(shop, sales)
    shop.execute("rollback")


def test_a_read_only_connection_is_refused(tmp_path, sales):
    path = str(tmp_path / "shop.duckdb")
    duckdb.connect(path).close()
    with (
        duckdb.connect(path, read_only=True) as con,
        pytest.raises(SegmenterError, match="open read-only"),
    ):
        segmenter.fit(con, sales)


def test_nothing_temporary_is_left(shop, sales):
    segmenter.fit(shop, sales)
    query = "select table_name from duckdb_tables() where temporary"
    assert rows(shop, query) == []
    assert rows(shop, "select view_name from duckdb_views() where temporary and not internal") == []


def test_everything_says_what_it_is(shop, sales):
    segmenter.fit(shop, sales)
    silent = """
        select 'column', table_name || '.' || column_name from duckdb_columns()
        where schema_name = 'segments' and comment is null
        union all
        select 'view', view_name from duckdb_views()
        where schema_name like 'segments%' and comment is null
        union all
        select 'table', table_name from duckdb_tables()
        where schema_name = 'segments_internal' and comment is null
        union all
        select 'macro', function_name from duckdb_functions()
        where (schema_name = 'segments' or function_name in ('classify_segment', 'explain_segment'))
            and not internal and comment is null
    """
    assert shop.execute(silent).fetchall() == []
    with Refresh(shop) as refreshing:
        refreshing.prepare(full=True)
        refreshing.store()
    assert shop.execute(silent).fetchall() == []
    (said,) = shop.execute(
        "select comment from duckdb_views() where view_name = 'transactions'"
    ).fetchone()
    assert 'the user\'s own table, view or files ("main"."sales")' in said


def test_whales_are_the_customers_above_the_cut(fitted):
    counted = rows(
        fitted.con,
        """
        select count_if(is_whale), count_if(is_above_monetary), count_if(is_above_frequency),
            round(sum(monetary) filter (is_whale) / sum(monetary), 9)
        from segments.customer_segments
        """,
    )
    assert counted == rows(
        fitted.con,
        "select whales, whales_by_monetary, whales_by_frequency, round(whale_share_of_revenue, 9) "
        "from segments_internal.profile_cut",
    )
    assert rows(
        fitted.con,
        "select distinct is_whale = (is_above_monetary or is_above_frequency) "
        "from segments.customer_segments",
    ) == [(True,)]


def test_names_of_before_lead_to_those_of_today(fitted):
    with pytest.raises(duckdb.Error, match=r"segments\.whales is gone: select") as gone:
        fitted.con.execute("from segments.whales").fetchall()
    advice = re.search("(select .* where is_whale)", str(gone.value))[1]
    assert rows(fitted.con, advice)
    for name in ("model_points", "transactions", "profile_points", "snapshots"):
        with pytest.raises(duckdb.Error, match=f"segments_internal.{name}"):
            fitted.con.execute(f"from segments.{name}")


def test_people_see_views_and_functions_and_no_table(fitted):
    seen = rows(
        fitted.con,
        "select table_type, table_name from information_schema.tables "
        "where table_schema = 'segments' order by all",
    )
    assert {kind for kind, _ in seen} == {"VIEW"}
    assert [name for _, name in seen] == [
        "backtest",
        "current_model",
        "customer_profile",
        "customer_segments",
        "customer_segments_history",
        "customer_segments_snapshot",
        "customer_upgrades",
        "data_quality",
        "drift",
        "model_quality",
        "models",
        "next_actions",
        "publishing_log",
        "segment_history",
        "segment_lifecycle",
        "segment_lines",
        "segment_rules",
        "segment_summary",
        "segment_summary_snapshot",
        "whales",
    ]


def test_a_query_reads_the_same_in_both_schemas(fitted):
    functions = rows(
        fitted.con,
        "select function_name, schema_name, parameters, parameter_types "
        "from duckdb_functions() where function_name in ('classify_segment', 'explain_segment') "
        "order by all",
    )
    assert functions == [
        (name, schema, ["monetary", "frequency"], ["DOUBLE", "DOUBLE"])
        for name in ("classify_segment", "explain_segment")
        for schema in ("main", "segments")
    ]
    for name in ("classify_segment", "explain_segment"):
        (pair,) = rows(fitted.con, f"select {name}(250.5, 3), segments.{name}(250.5, 3::hugeint)")
        assert pair[0] == pair[1] is not None


def test_the_current_model_is_one_row(fitted):
    (found,) = rows(
        fitted.con,
        "select model_id, customers, settings ->> 'cut', monetary_cut, "
        "json_array_length(warnings) from segments.current_model",
    )
    model = fitted.model
    assert found == (
        model.model_id,
        model.customers,
        str(model.settings.cut),
        model.monetary_cut,
        len(model.warnings),
    )


@pytest.mark.parametrize(("storage", "types"), [("v1.0.0", [None] * 2), ("v1.4.0", ["DOUBLE"] * 2)])
def test_files_of_older_duckdb_get_functions_without_types(tmp_path, storage, types):
    config = {"storage_compatibility_version": storage}
    with duckdb.connect(str(tmp_path / "shop.duckdb"), config=config) as con:
        con.execute(SHOP)
        segmenter.fit(con, Source(transactions="sales", customer="customer_id", amount="amount"))
        query = "select parameter_types from duckdb_functions() where function_name = $1"
        assert set(map(str, con.execute(query, ["classify_segment"]).fetchall())) == {str((types,))}
        assert rows(con, "select segments.classify_segment(2000, 10)") == [("Elite",)]
