"""Engines: where the rows are (DuckDB, Spark, PostgreSQL), and each one's dialect of SQL."""
