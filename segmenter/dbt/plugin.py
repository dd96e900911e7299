"""A plugin of dbt-duckdb: our SQL functions on the connection that dbt works with.

In the profile, below the target:

    plugins:
      - module: segmenter.dbt.plugin
"""

from __future__ import annotations

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin

from segmenter.udf.registration import register

__all__ = ["Plugin"]


class Plugin(BasePlugin):
    """Registers ``fit_segments``, ``refresh_segments`` and the others."""

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Register them once for all of dbt's cursors."""
        register(conn)
