"""The present moment in UTC, where DuckDB's way to it is not understood."""

from __future__ import annotations

import sqlglot
from sqlglot import exp

__all__ = ["utc_now"]

_NOW = {
    "bigquery": "datetime(current_timestamp(), 'UTC')",
    "clickhouse": "now64(6, 'UTC')",
    "databricks": "current_timestamp()",  # compared as a moment, whatever the session's zone is
    "mysql": "utc_timestamp(6)",
    "postgres": "current_timestamp at time zone 'UTC'",
    "redshift": "getdate()",
    "snowflake": "cast(convert_timezone('UTC', current_timestamp()) as timestamp_ntz)",
    "spark": "current_timestamp()",
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f', 'now')",
    "trino": "cast(current_timestamp at time zone 'UTC' as timestamp)",
}


def utc_now(tree: exp.Expr, dialect: str) -> exp.Expr:
    """Write ``make_timestamp(epoch_us(current_timestamp))`` in a dialect."""
    for call in list(tree.find_all(exp.UnixToTime)):
        if dialect in _NOW and call.find(exp.CurrentTimestamp) is not None:
            now = sqlglot.parse_one(_NOW[dialect], dialect=dialect)
            call.replace(exp.paren(now) if isinstance(now, exp.AtTimeZone) else now)
    return tree
