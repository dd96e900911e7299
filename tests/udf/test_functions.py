"""The Python functions, called through SQL."""

from __future__ import annotations

import duckdb
import numpy as np
import pytest

import segmenter
from segmenter import SegmenterError


@pytest.fixture
def registered(con):
    segmenter.register(con)
    return con


def one(con, query):
    return con.execute(query).fetchone()[0]


def test_recursive_segments_equals_the_fit(fitted):
    found = fitted.con.execute(
        """
        with points as (
            select unnest(recursive_segments(list(p), null), recursive := true)
            from segments_internal.profile_points as p
        )
        select count(*), count(*) filter (points.segment = stored.segment)
        from points inner join segments_internal.model_points as stored using (monetary, frequency)
        """
    ).fetchone()
    assert found == (len(fitted.model.points),) * 2


def test_recursive_segments_takes_settings(registered):
    points = "[{'monetary': i * i, 'frequency': i, 'customers': 1} for i in range(1, 40)]"
    query = f"""
        select list_distinct(list_transform(
            recursive_segments({points}, {{'levels': 3, 'max_share': 0.2}}), lambda p: p.segment))
    """
    assert sorted(one(registered, query)) == [f"Segment {i}" for i in range(1, 5)]


def test_recursive_segments_refuses_a_wrong_setting(registered):
    with pytest.raises(duckdb.InvalidInputException, match="levels must be a whole number"):
        registered.execute("select recursive_segments([], {'levels': 9})")
    with pytest.raises(duckdb.InvalidInputException, match="Did you mean 'levels'"):
        registered.execute("select recursive_segments([], {'level': 2})")


def test_recursive_segments_on_nothing(registered):
    assert one(registered, "select recursive_segments(null, null)") is None
    assert one(registered, "select recursive_segments([], null)") == []
    query = "select recursive_segments(p, null) from (select [] as p) where false"
    assert registered.execute(query).fetchall() == []
    alone = one(
        registered,
        "select recursive_segments([{'monetary': 5, 'frequency': 1, 'customers': 9}], null)",
    )
    assert alone == [{"monetary": 5.0, "frequency": 1, "customers": 9, "segment": None}]


def test_recursive_segments_keeps_order_and_leaves_bad_points_unnamed(registered):
    rows = [(float(i * i), i, 1) for i in range(1, 30)]
    rows[3:3] = [(float("nan"), 1, 1), (4.0, 2, 0), (float("inf"), 1, 1), (4.0, -1, 1)]
    registered.execute(
        "create table p as select unnest($1) as m, unnest($2) as f, unnest($3) as c",
        [list(column) for column in zip(*rows, strict=True)],
    )
    found = one(
        registered,
        "select recursive_segments(list({'monetary': m, 'frequency': f, 'customers': c} "
        "order by rowid), null) from p",
    )
    assert [point["frequency"] for point in found] == [row[1] for row in rows]
    assert [i for i, point in enumerate(found) if point["segment"] is None] == [3, 4, 5, 6]


def test_recursive_segments_works_group_by_group(registered):
    registered.execute(
        "create table p as select i % 3 as country, i * i as monetary, i as frequency, "
        "1 as customers from range(1, 200) as t(i)"
    )
    found = registered.execute(
        "select country, len(recursive_segments(list({'monetary': monetary, "
        "'frequency': frequency, 'customers': customers}), null)) from p group by 1 order by 1"
    ).fetchall()
    assert found == [(0, 66), (1, 67), (2, 66)]


def test_the_search_is_right_on_many_rows(fitted):
    rng = np.random.default_rng(5)
    monetary = rng.normal(500, 2000, 10_000)
    frequency = rng.integers(0, 60, 10_000).astype(float)
    monetary[::1000] = np.nan
    frequency[5::1000] = np.inf
    fitted.con.execute(
        "create or replace temp table many as select unnest($1) as m, unnest($2) as f",
        [monetary.tolist(), frequency.tolist()],
    )
    found = fitted.con.execute("select classify_segment_knn(m, f) from many").fetchall()
    assert [row[0] for row in found] == fitted.model.classify(monetary, frequency).tolist()
    assert sum(row[0] is None for row in found) == 20


def test_the_search_on_nothing(fitted):
    query = "select classify_segment_knn(m, 1) from (select 1.0 as m) where false"
    assert fitted.con.execute(query).fetchall() == []
    assert one(fitted.con, "select classify_segment_knn(10, 1)") == "At-Risk"


def test_fit_segments_trains_from_sql(shop):
    segmenter.register(shop)
    said = one(
        shop,
        "select fit_segments('sales', {'customer': 'customer_id', 'amount': 'amount', "
        "'order': 'order_id', 'n_neighbors': 3})",
    )
    assert said.startswith("model 1: 60 customers")
    assert segmenter.load(shop).settings.n_neighbors == 3
    assert one(shop, "select count(*) from segments.customer_segments") == 60


def test_fit_segments_says_what_is_wrong(shop):
    segmenter.register(shop)
    with pytest.raises(duckdb.InvalidInputException, match="Did you mean 'customer_id'"):
        shop.execute("select fit_segments('sales', {'customer': 'custmer_id', 'amount': 'amount'})")
    with pytest.raises(duckdb.InvalidInputException, match="neither a column nor a setting"):
        shop.execute("select fit_segments('sales', {'customr': 'customer_id'})")
    with pytest.raises(duckdb.InvalidInputException, match=r"customer must be a column .* not 1"):
        shop.execute("select fit_segments('sales', {'customer': 1, 'amount': 'amount'})")
    with pytest.raises(duckdb.InvalidInputException, match=r"must be a STRUCT .* not \[1\]"):
        shop.execute("select fit_segments('sales', [1])")
    assert one(shop, "select count(*) from duckdb_tables() where schema_name = 'segments'") == 0


def test_fit_segments_takes_a_map_whose_numbers_are_all_floating(shop):
    segmenter.register(shop)
    source = "{'transactions': 'sales', 'customer': 'customer_id', 'amount': 'amount'}"
    said = one(
        shop,
        f"select fit_segments(null, json_merge_patch(to_json({source}), "
        "to_json(map {'levels': 2.0, 'n_neighbors': 3.0, 'max_share': 0.5})))",
    )
    assert said.startswith("model 1: 60 customers")
    assert segmenter.load(shop).settings.n_neighbors == 3


def test_refresh_segments_is_the_refresh(shop, sales):
    segmenter.register(shop)
    segmenter.fit(shop, sales)
    shop.execute("insert into sales values (7, 9999, 500, timestamp '2024-05-01')")
    stale = "from segments.customer_segments_snapshot except from segments.customer_segments"
    query = f"select count(*) from ({stale})"
    assert one(shop, query) == 1
    said = one(shop, "select refresh_segments(true)")
    assert said == "the snapshot is up to date: 60 customers, 60 of them added up"
    assert one(shop, query) == 0
    assert "60 customers, 0 of them" in one(shop, "select refresh_segments(null)")


def test_measure_quality_keeps_the_figures(shop, sales):
    segmenter.register(shop)
    segmenter.fit(shop, sales)
    said = one(shop, "select measure_quality(null)")
    query = "select * exclude (measured_at) from segments.model_quality order by all"
    kept = shop.execute(query).fetchall()
    assert said == f"model 1: {len(kept)} figures in segments.model_quality"
    assert len(kept) == len(segmenter.open(shop).quality(1).table)
    assert shop.execute(query).fetchall() == kept
    with pytest.raises(duckdb.InvalidInputException, match="no model 9"):
        shop.execute("select measure_quality(9)")


def test_backtest_segments_says_what_the_operation_says(shop, sales):
    segmenter.register(shop)
    segmenter.fit(shop, sales)
    said = one(shop, "select backtest_segments('2024-03-31', '2024-04-30')")
    kept = shop.execute("select * from segments.backtest order by all").fetchall()
    assert kept
    assert said == segmenter.open(shop).backtest("2024-03-31", "2024-04-30").words()
    assert shop.execute("select * from segments.backtest order by all").fetchall() == kept
    with pytest.raises(duckdb.InvalidInputException, match="as_of is NULL") as refused:
        shop.execute("select backtest_segments(null, null)")
    advice = str(refused.value).split("known: ")[1].split(".\n")[0].rstrip(".")
    with pytest.raises(duckdb.InvalidInputException, match="2011-05-31") as refused:
        shop.execute(advice)  # understood; the small shop began later
    assert "as_of is NULL" not in str(refused.value)


@pytest.mark.parametrize(
    "call",
    ["refresh_segments(null)", "measure_quality(null)", "backtest_segments('2024-01-01', '')"],
)
def test_verbs_in_sql_need_a_model(registered, call):
    with pytest.raises(duckdb.InvalidInputException, match="no model yet"):
        registered.execute(f"select {call}")
    kept = "select count(*) from duckdb_tables() where schema_name like 'segments%'"
    assert one(registered, kept) == 0


def test_the_search_follows_a_new_fit(shop, sales):
    segmenter.register(shop)
    segmenter.fit(shop, sales)
    assert one(shop, "select classify_segment_knn(10, 1)") == "At-Risk"
    segmenter.fit(shop, sales, segmenter.Settings(names=("A", "B", "C")))
    assert one(shop, "select classify_segment_knn(10, 1)") == "C"


def test_without_a_model_the_search_says_what_to_do(registered):
    with pytest.raises(duckdb.InvalidInputException, match="no model yet"):
        registered.execute("select classify_segment_knn(1, 1)")


def test_a_loaded_model_works_in_another_session(fitted, con):
    segmenter.register(con, fitted.model)
    query = (
        "select classify_segment(m, 1), classify_segment_knn(m, 1) from unnest([5, 900]) as t(m)"
    )
    expected = [(name, name) for name in fitted.model.classify([5, 900], [1, 1])]
    assert con.execute(query).fetchall() == expected


def test_the_macro_wins_over_the_function(shop, sales):
    segmenter.register(shop)
    segmenter.fit(shop, sales)
    kinds = shop.execute(
        "select function_type from duckdb_functions() where function_name = 'classify_segment' "
        "and not internal"
    ).fetchall()
    assert ("macro",) in kinds
    assert one(shop, "select classify_segment(10, 1)") == "At-Risk"
    segmenter.register(shop)
    assert one(shop, "select classify_segment(10, 1)") == "At-Risk"


def test_a_closed_connection_is_said_so(shop, sales):
    model = segmenter.fit(shop, sales)
    assert model.model_id == 1
    with pytest.raises(SegmenterError, match="no model 9"):
        segmenter.load(shop, 9)


def test_more_customers_than_can_be_summed_exactly(registered):
    query = """
        select recursive_segments(
            [{'monetary': i, 'frequency': 1, 'customers': 2_000_000_000} for i in [1, 2, 3]], null
        )
    """
    with pytest.raises(duckdb.InvalidInputException, match="6,000,000,000 customers together"):
        registered.execute(query)
