"""Makes a dashboard in Superset over a file that ``segmenter publish`` wrote.

It asks Superset's REST API, with the user and password of `SUPERSET_USER` and `SUPERSET_PASSWORD`:

    python superset_dashboard.py http://localhost:8088 /srv/segments/bi.duckdb

Superset itself needs ``pip install duckdb-engine duckdb``, and has to see the file under this path.
Made with Superset 6.1, duckdb-engine 0.17 and DuckDB 1.5.
"""

from __future__ import annotations

import argparse
import json
import os
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

SUMMARY, LIFECYCLE, HISTORY = "segment_summary", "segment_lifecycle", "segment_history"

SHARES, PERCENT = ("share_of_customers", "share_of_revenue"), {"d3NumberFormat": ".1%"}
MONEY, CENTS = ("revenue", "mean_monetary"), {"d3NumberFormat": ",.2f"}


def metric(column: str) -> dict[str, Any]:
    """Return the sum of a column as a metric."""
    sql = f"sum({column})"
    return {"expressionType": "SQL", "sqlExpression": sql, "label": column}


CHARTS: list[tuple[str, str, dict[str, Any]]] = [
    (
        "Segments",
        SUMMARY,
        {
            "viz_type": "table",
            "query_mode": "raw",
            "all_columns": [
                *("segment", "customers", "share_of_customers", "revenue", "share_of_revenue"),
                *("mean_monetary", "mean_frequency"),
            ],
            "order_by_cols": [json.dumps(["segment_rank", True])],
            "column_config": {**dict.fromkeys(SHARES, PERCENT), **dict.fromkeys(MONEY, CENTS)},
        },
    ),
    (
        "Revenue by segment",
        SUMMARY,
        {
            "viz_type": "pie",
            "groupby": ["segment"],
            "metric": metric("revenue"),
            "sort_by_metric": True,
            "label_type": "key_percent",
        },
    ),
    (
        "Who is leaving",
        LIFECYCLE,
        {
            "viz_type": "pivot_table_v2",
            "groupbyRows": ["segment_rank", "segment"],
            "groupbyColumns": ["lifecycle_rank", "lifecycle"],
            "metrics": [metric("customers")],
            "aggregateFunction": "Sum",
        },
    ),
    (
        "Customers by month",
        HISTORY,
        {
            "viz_type": "echarts_timeseries_bar",
            "x_axis": "month",
            "time_grain_sqla": "P1M",
            "metrics": [metric("customers")],
            "groupby": ["segment"],
            "stack": "Stack",
        },
    ),
]
"""Title, table and settings of each chart."""


class Superset:
    """Its REST API."""

    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())

    def __init__(self, url: str, user: str, password: str) -> None:
        self.url = url.rstrip("/")
        self.headers = {"Content-Type": "application/json"}
        login = {"username": user, "password": password, "provider": "db"}
        self.headers["Authorization"] = (
            f"Bearer {self.post('security/login', login)['access_token']}"
        )
        token = self._call("GET", "security/csrf_token/")["result"]
        self.headers |= {"X-CSRFToken": token, "Referer": self.url}

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Make something."""
        return self._call("POST", path, body)

    def put(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Change something."""
        return self._call("PUT", path, body)

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        place = f"{self.url}/api/v1/{path}"
        request = urllib.request.Request(place, data, self.headers, method=method)
        try:
            with self.opener.open(request) as answer:
                found: dict[str, Any] = json.load(answer)
        except urllib.error.HTTPError as error:
            raise SystemExit(f"Superset refused {path}: {error.read().decode()}") from None
        return found


def make_dashboard(superset: Superset, file: Path) -> int:
    """Make the database, its tables, charts and the dashboard; return the dashboard's number."""
    uri = f"duckdb:///{file.resolve()}?access_mode=read_only"
    database = superset.post("database/", {"database_name": "Segments", "sqlalchemy_uri": uri})[
        "id"
    ]
    tables = {
        name: superset.post(
            "dataset/", {"database": database, "schema": "segments", "table_name": name}
        )["id"]
        for name in (SUMMARY, LIFECYCLE, HISTORY)
    }
    charts = {}
    for title, table, settings in CHARTS:
        params = {**settings, "datasource": f"{tables[table]}__table", "row_limit": 1000}
        made = superset.post(
            "chart/",
            {
                "slice_name": title,
                "viz_type": settings["viz_type"],
                "datasource_id": tables[table],
                "datasource_type": "table",
                "params": json.dumps(params),
            },
        )
        charts[made["id"]] = title
    layout = {"dashboard_title": "Customer segments", "position_json": json.dumps(position(charts))}
    dashboard = int(superset.post("dashboard/", {**layout, "published": True})["id"])
    for chart in charts:
        superset.put(f"chart/{chart}", {"dashboards": [dashboard]})
    return dashboard


def position(charts: dict[int, str]) -> dict[str, Any]:
    """Return where each chart stands: two in a row."""
    numbers = list(charts)
    rows = [numbers[start : start + 2] for start in range(0, len(numbers), 2)]
    found: dict[str, Any] = {
        "DASHBOARD_VERSION_KEY": "v2",
        "ROOT_ID": {"id": "ROOT_ID", "type": "ROOT", "children": ["GRID_ID"]},
        "GRID_ID": {
            "id": "GRID_ID",
            "type": "GRID",
            "parents": ["ROOT_ID"],
            "children": [f"ROW-{place}" for place in range(len(rows))],
        },
    }
    for place, row in enumerate(rows):
        found[f"ROW-{place}"] = {
            "id": f"ROW-{place}",
            "type": "ROW",
            "parents": ["ROOT_ID", "GRID_ID"],
            "children": [f"CHART-{chart}" for chart in row],
            "meta": {"background": "BACKGROUND_TRANSPARENT"},
        }
        for chart in row:
            found[f"CHART-{chart}"] = {
                "id": f"CHART-{chart}",
                "type": "CHART",
                "parents": ["ROOT_ID", "GRID_ID", f"ROW-{place}"],
                "children": [],
                "meta": {"chartId": chart, "sliceName": charts[chart], "width": 6, "height": 50},
            }
    return found


def main() -> None:
    """Make the dashboard and say where it is."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url", help="of Superset, such as http://localhost:8088")
    parser.add_argument("file", type=Path, help="that segmenter publish wrote")
    given = parser.parse_args()
    superset = Superset(given.url, os.environ["SUPERSET_USER"], os.environ["SUPERSET_PASSWORD"])
    print(f"{superset.url}/superset/dashboard/{make_dashboard(superset, given.file)}/")


if __name__ == "__main__":
    main()
