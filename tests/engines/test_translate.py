"""Each rule of the export: what it changes, and that the meaning stays."""

from __future__ import annotations

import math
import sqlite3
from contextlib import closing

import numpy as np
import pytest
import sqlglot

from segmenter import SegmenterError
from segmenter.engines import translate
from segmenter.engines.semantics import keep_meaning
from segmenter.engines.translate import TRANSLATIONS


def rewritten(rule, query, dialect="trino", write=None):
    tree = rule(sqlglot.parse_one(query, read="duckdb"), dialect)
    return tree.sql(dialect=write or dialect)


def test_every_translation_is_public_and_used():
    names = {translation.__name__ for translation in TRANSLATIONS}
    assert names | {"TRANSLATIONS", "port"} == set(translate.__all__)


@pytest.mark.parametrize(
    ("dialect", "expected"),
    [
        ("postgres", "SELECT (CURRENT_TIMESTAMP AT TIME ZONE 'UTC')"),
        ("spark", "SELECT CURRENT_TIMESTAMP()"),
        ("redshift", "SELECT GETDATE()"),
        ("duckdb", "SELECT MAKE_TIMESTAMP(EPOCH_US(CURRENT_TIMESTAMP))"),
    ],
)
def test_now_is_in_utc(dialect, expected):
    query = "select make_timestamp(epoch_us(current_timestamp))"
    assert rewritten(translate.utc_now, query, dialect) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT CASE WHEN FALSE THEN COUNT(a) ELSE COUNT(b) END", "SELECT COUNT(b)"),
        ("SELECT CASE WHEN TRUE THEN 1 ELSE 2 END", "SELECT 1"),
        ("SELECT CASE WHEN 'x' IN ('y', 'z') THEN a END", "SELECT NULL"),
        ("SELECT CASE WHEN 'x' IN ('x', 'z') THEN a END", "SELECT a"),
        (
            "SELECT CASE WHEN 'x' IN ('y') THEN QUANTILE_CONT(a, 0.9) END AS b",
            "SELECT CAST(NULL AS DOUBLE) AS b",
        ),
        ("SELECT CASE WHEN a THEN 1 WHEN TRUE THEN 2 END", None),
        ("SELECT CASE WHEN a IN ('x') THEN 1 END", None),
        ("SELECT CASE WHEN 'x' IN ('y', a) THEN 1 END", None),
        ("SELECT CASE WHEN 'x' IN a THEN 1 END", None),
        ("SELECT CASE WHEN 1 IN (1.0, 2) THEN 1 END", None),
        ("SELECT CASE a WHEN FALSE THEN 1 ELSE 2 END", None),
        ("SELECT CASE a > 3 WHEN TRUE THEN 1 ELSE 2 END", None),
        ("SELECT COALESCE(CAST(NULL AS TIMESTAMP), MAX(a))", "SELECT MAX(a)"),
        ("SELECT COALESCE(a - CAST(NULL AS INTERVAL), b)", "SELECT b"),
        ("SELECT COALESCE(a > b, FALSE)", None),
        ("SELECT a FROM t WHERE TRUE", "SELECT a FROM t"),
        ("SELECT a FROM t WHERE a > 1 AND TRUE", "SELECT a FROM t WHERE a > 1"),
        ("SELECT a FROM t WHERE a > 1 AND b > 2", None),
        ("SELECT a FROM t WHERE a > 1 OR TRUE", None),
    ],
)
def test_fold_constants(query, expected):
    assert rewritten(translate.fold_constants, query, "duckdb") == (expected or query)


def test_finite_inputs(con):
    query = "select isfinite(cast(x as double)) is true from numbers"
    con.execute(
        "create table numbers as select unnest([0, 1e308, -1e308, null, 'nan', 'inf', '-inf']"
        "::double[]) as x"
    )
    expected = con.execute(query).fetchall()
    for dialect in ("postgres", "snowflake"):
        again = rewritten(translate.finite_inputs, query, dialect, "duckdb")
        assert "ISFINITE" not in again.upper()
        assert con.execute(again).fetchall() == expected


@pytest.mark.parametrize(
    ("dialect", "expected"),
    [
        ("bigquery", "CAST('-inf' AS FLOAT64), CAST('inf' AS FLOAT64)"),
        ("clickhouse", "-inf, inf"),
        ("mysql", "-1.7976931348623157e308, 1.7976931348623157e308"),
        ("postgres", "CAST('-Infinity' AS DOUBLE PRECISION), CAST('Infinity' AS DOUBLE PRECISION)"),
        ("sqlite", "-9e999, 9e999"),
    ],
)
def test_infinities(dialect, expected):
    query = "select cast('-Infinity' as double), cast('Infinity' as double)"
    assert rewritten(translate.infinities, query, dialect) == f"SELECT {expected}"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT a / 100.0", "SELECT CAST(a AS DOUBLE) / 100.0"),
        ("SELECT a / 100.0 / b", "SELECT CAST(a AS DOUBLE) / 100.0 / b"),
        ("SELECT CAST(a AS DOUBLE) / b", "SELECT CAST(a AS DOUBLE) / b"),
        (
            "SELECT FLOOR(a / b) / c",
            "SELECT CAST(FLOOR(CAST(a AS DOUBLE) / b) AS DOUBLE) / c",
        ),
    ],
)
def test_double_division(query, expected):
    assert rewritten(translate.double_division, query) == expected
    assert rewritten(translate.double_division, query, "spark") == expected


def test_whole_division_never_goes_through_doubles():
    query = "SELECT (a - 1) // 100"
    assert rewritten(translate.whole_division, query) == "SELECT CAST(a - 1 AS BIGINT) / 100"
    assert rewritten(translate.whole_division, query, "spark") == "SELECT (a - 1) DIV 100"


def test_microseconds():
    query = "SELECT CAST(a AS TIMESTAMP)"
    assert rewritten(translate.microseconds, query) == "SELECT CAST(a AS TIMESTAMP(6))"
    assert rewritten(translate.microseconds, query, "postgres") == query


def test_typed_nulls():
    query = "SELECT NULL AS order_id, NULLIF(a, NULL) AS b"
    assert rewritten(translate.typed_nulls, query) == query.replace(
        "NULL AS o", "CAST(NULL AS VARCHAR) AS o"
    )


def test_qualified_function():
    query = "SELECT CLASSIFY_SEGMENT(a, b), other.classify_segment(a, b)"
    assert rewritten(translate.qualified_function, query) == (
        "SELECT segments.CLASSIFY_SEGMENT(a, b), other.classify_segment(a, b)"
    )


PERCENTILES = """
    with found as (
        select g, quantile_cont(x, {q}) as of_x, quantile_cont(cast(f as double), {q}) as of_f
        from numbers
        where f >= 1
        group by g
    )
    select * from found order by g
"""


@pytest.mark.parametrize("q", [0.5, 0.9, 0.99, 1])
def test_percentile_by_rank(con, q):
    rng = np.random.default_rng(5)
    size = 20_000
    group = rng.integers(0, 400, size) ** 2 // 400  # small groups and large ones
    numbers = {
        "g": group,
        "x": np.round(rng.normal(0, 1e4, size), 2),
        "f": np.minimum(rng.geometric(0.3, size) - 1, group),  # many ties, some all equal
    }
    con.register("numbers", numbers)
    query = PERCENTILES.format(q=q)
    again = rewritten(translate.percentile_by_rank, query, "trino", "duckdb")
    assert "QUANTILE" not in again.upper()
    found, expected = (np.array(con.execute(text).fetchall()) for text in (again, query))
    np.testing.assert_allclose(found, expected, rtol=1e-13)
    whole = expected[:, 2] == np.floor(expected[:, 2])
    assert np.array_equal(found[whole, 2], expected[whole, 2])


def test_percentile_by_rank_of_nothing(con):
    con.execute("create table numbers as select 1 as g, 1.0 as x, 0 as f")
    again = rewritten(
        translate.percentile_by_rank,
        "with found as (select quantile_cont(x, 0.9) as q from numbers where f > 0) from found",
        write="duckdb",
    )
    assert con.execute(again).fetchall() == [(None,)]


def test_duckdb_keeps_its_own_percentile():
    tree = sqlglot.parse_one(
        "with a as (select quantile_cont(x, 0.9) from t) from a", read="duckdb"
    )
    assert "QUANTILE_CONT" in translate.port(tree, "duckdb").sql(dialect="duckdb")


def test_the_rules_leave_a_plain_query_alone():
    query = "SELECT a, SUM(b) FROM t WHERE a > 1 GROUP BY a"
    tree = sqlglot.parse_one(query, read="duckdb")
    assert translate.port(tree, "trino").sql(dialect="trino") == query


@pytest.mark.parametrize(
    ("rule", "dialect", "query", "expected"),
    [
        (
            "calendar_days",
            "databricks",
            "SELECT DATE_DIFF('day', a, b)",
            "SELECT DATEDIFF(b, a)",
        ),
        ("calendar_days", "databricks", "SELECT DATE_DIFF('month', a, b)", None),
        (
            "decimal_scale",
            "bigquery",
            "SELECT CAST(a AS DECIMAL(18, 2))",
            "SELECT ROUND(CAST(a AS NUMERIC), 2)",
        ),
        (
            "decimal_scale",
            "bigquery",
            "SELECT TRY_CAST(TRY_CAST(a AS DECIMAL(9, 4)) AS DECIMAL(9))",
            "SELECT ROUND(SAFE_CAST(ROUND(SAFE_CAST(a AS NUMERIC), 4) AS NUMERIC), 0)",
        ),
        (
            "tolerant_casts",
            "snowflake",
            "SELECT TRY_CAST(a AS DOUBLE)",
            "SELECT TRY_CAST(CAST(a AS VARCHAR) AS DOUBLE)",
        ),
        (
            "known_extremes",
            "bigquery",
            "SELECT GREATEST(a, 0)",
            "SELECT GREATEST(COALESCE(a, 0), COALESCE(0, a))",
        ),
        (
            "known_extremes",
            "trino",
            "SELECT GREATEST(LEAST(a, 9), 0)",
            "SELECT GREATEST(COALESCE(LEAST(COALESCE(a, 9), COALESCE(9, a)), 0), "
            "COALESCE(0, LEAST(COALESCE(a, 9), COALESCE(9, a))))",
        ),
        (
            "typed_nulls",
            "redshift",
            "SELECT NULL AS a",
            "SELECT CAST(NULL AS VARCHAR(256)) AS a",
        ),
    ],
)
def test_where_a_dialect_means_something_else(rule, dialect, query, expected):
    found = rewritten(getattr(translate, rule), query, dialect)
    assert found == (expected or sqlglot.transpile(query, read="duckdb", write=dialect)[0])


@pytest.mark.parametrize("dialect", ["postgres", "spark"])
@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("ROUND(user_table.a)", {"spark": "ROUND(user_table.a)"}),
        ("ROUND(a)", {"postgres": "ROUND(a)", "spark": "ROUND(a)"}),
        (
            r"user_table.a LIKE 'x\_%'",
            {
                "postgres": r"user_table.a LIKE 'x\_%' ESCAPE ''",
                "spark": r"user_table.a LIKE 'x\\\\_%'",
            },
        ),
        ("user_table.a LIKE 'C%'", dict.fromkeys(("postgres", "spark"), "user_table.a LIKE 'C%'")),
        (
            "user_table.a LIKE user_table.b",
            {"postgres": "user_table.a LIKE user_table.b ESCAPE ''"},
        ),
        (r"REGEXP_MATCHES(user_table.a, '\bx\\b')", {"postgres": r"user_table.a ~ '\yx\\b'"}),
        (
            "DATE_DIFF('MONTH', user_table.a, user_table.b)",
            {
                "postgres": "CAST((EXTRACT(YEAR FROM user_table.b) - EXTRACT(YEAR FROM "
                "user_table.a)) * 12 + EXTRACT(MONTH FROM user_table.b) - EXTRACT(MONTH "
                "FROM user_table.a) AS INT)",
                "spark": "((YEAR(user_table.b) - YEAR(user_table.a)) * 12 + "
                "MONTH(user_table.b) - MONTH(user_table.a))",
            },
        ),
        ("SUBSTRING(user_table.a, -1)", {"spark": "SUBSTRING(user_table.a, -1)"}),
        ("DATE_DIFF('HOUR', user_table.a, user_table.b)", {}),
        ("user_table.a SIMILAR TO 'x.*'", {}),
        ("STRFTIME(user_table.a, '%u')", {}),
        ("STRFTIME(user_table.a, 'Day %d')", {}),
        ("STRFTIME(user_table.a, user_table.b)", {}),
        ("FORMAT('{:05d}', user_table.a)", {}),
        ("STRPTIME(user_table.a, '%d %B')", {}),
    ],
)
def test_keep_meaning(expression, dialect, expected):
    """Refused where no form is given, except where only the other dialect has another meaning."""
    tree = sqlglot.parse_one(f"SELECT {expression}", read="duckdb")
    alike = {"spark": ("REGEXP",), "postgres": ("ROUND",)}
    if dialect in expected:
        found = keep_meaning(tree, dialect).sql(dialect=dialect)
        assert found == f"SELECT {expected[dialect]}"
    elif expression.startswith(alike[dialect]):
        keep_meaning(tree, dialect)
    else:
        with pytest.raises(SegmenterError, match=r"does not mean the same .* a view there"):
            keep_meaning(tree, dialect)


def test_plain_times():
    query = "SELECT STRPTIME(a, '%Y') AS b, DATE_TRUNC('MONTH', a) AS c"
    found = rewritten(translate.plain_times, query, "postgres")
    assert found == (
        "SELECT CAST(TO_TIMESTAMP(a, 'YYYY') AS TIMESTAMP) AS b, "
        "DATE_TRUNC('MONTH', CAST(a AS TIMESTAMP)) AS c"
    )


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("2146.03e0", "214603 / 100e0"),
        ("-2146.03", "-214603 / 100e0"),
        ("a * 1.1", "a * (11 / 10e0)"),
        ("100.0", "100.0"),
        ("-0.25e0", "-0.25"),
        ("7", "7"),
        ("cast('0.99' as double)", "99 / 100e0"),
        ("'0.99'", "'0.99'"),
        ("cast('2146.0250000000001' as double)", "4719158881995981 / 2199023255552e0"),
        ("1.5e-5", "15 / 1000000e0"),
    ],
)
def test_exact_doubles(con, number, expected):
    found = rewritten(translate.exact_doubles, f"select {number}", "sqlite")
    assert found == f"SELECT {expected}"
    con.execute("create table t as select 3e0 as a")
    if not number.startswith("'"):
        asked = " union all ".join(f"select ({text})::double from t" for text in (number, expected))
        there, here = con.execute(asked).fetchall()
        assert there == here


def test_floor_by_casts():
    query = "SELECT FLOOR(a), CEIL(a) FROM t"
    again = translate.floor_by_casts(sqlglot.parse_one(query, read="duckdb"), "sqlite")
    numbers = [-2.5, -2.0, -0.5, 0.0, 0.5, 2.0, 2.5, 1e15 + 0.5, -(2.0**62)]
    with closing(sqlite3.connect(":memory:")) as con:
        con.execute("create table t (a real)")
        con.executemany("insert into t values (?)", [[number] for number in numbers])
        found = con.execute(again.sql(dialect="sqlite")).fetchall()
    assert found == [(math.floor(number), math.ceil(number)) for number in numbers]
