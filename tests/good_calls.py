"""A call of each verb that works, in the folder that `tests.bad_files` makes."""

from __future__ import annotations

__all__ = ["DATED", "ELSEWHERE", "GOOD", "READ"]

READ = ("--customer", "customer_id", "--amount", "amount", "--order", "order_id")
DATED = (*READ, "--date", "sold_at")
ELSEWHERE = ("m.duckdb", "--engine", "postgres", "--transactions", "t", *READ)

GOOD: dict[str, tuple[str, ...]] = {
    "fit": ("shop.duckdb", "--transactions", "sales", *DATED),
    "segments": ("shop.duckdb",),
    "customers": ("shop.duckdb",),
    "rules": ("shop.duckdb",),
    "classify": ("shop.duckdb", "250", "3"),
    "explain": ("shop.duckdb", "250", "3"),
    "holdout": ("shop.duckdb", "--salt", "spring"),
    "campaign": ("shop.duckdb", "--salt", "spring", "--since", "2024-02-01"),
    "label": ("shop.duckdb", "--input", "profiles.csv", "--output", "out.csv"),
    "export": ("shop.duckdb", "--dialect", "postgres"),
    "dbt init": ("shop.duckdb", "dbt_package"),
    "report": ("shop.duckdb", "--output", "report.html"),
    "moves": ("shop.duckdb", "--from", "2024-02-01"),
    "quality": ("shop.duckdb",),
    "drift": ("shop.duckdb",),
    "backtest": ("shop.duckdb", "--as-of", "2024-03-01"),
    "refresh": ("shop.duckdb",),
    "publish": ("shop.duckdb", "--to", "bi.duckdb"),
    "refit": ("shop.duckdb",),
    "models": ("shop.duckdb",),
    "compare": ("shop.duckdb", "1", "2"),
    "rollback": ("shop.duckdb", "1"),
    "prune": ("shop.duckdb", "--keep", "1"),
    "forget": ("shop.duckdb", "--id", "7"),
    "inspect": ("sales.parquet",),
}
"""A call of each verb that works, with the database or the file first."""
