"""The example makes its charts of columns that are published; Superset itself is no dependency."""

from __future__ import annotations

import runpy
from pathlib import Path

import segmenter

EXAMPLE = Path(__file__).parents[2] / "segmenter/cli/examples/superset_dashboard.py"


class Recorded:
    """Answers like Superset, and keeps what it was asked."""

    def __init__(self):
        self.asked = []

    def post(self, path, body):
        self.asked.append((path, body))
        return {"id": len(self.asked)}

    def put(self, path, body):
        self.asked.append((path, body))


def columns_of(settings):
    yield from settings.get("all_columns", [])
    for name in ("groupby", "groupbyRows", "groupbyColumns"):
        yield from settings.get(name, [])
    if "x_axis" in settings:
        yield settings["x_axis"]
    for metric in settings.get("metrics", [settings.get("metric")]):
        if metric is not None:
            yield metric["sqlExpression"].removeprefix("sum(").removesuffix(")")


def test_the_charts_are_of_columns_that_are_there(shop, sales):
    segmenter.fit(shop, sales)
    charts = runpy.run_path(str(EXAMPLE))["CHARTS"]
    for _, table, settings in charts:
        wanted = list(columns_of(settings))
        assert wanted
        known = shop.execute(f"describe segments.{table}").fetchall()
        assert set(wanted) <= {name for name, *_ in known}
    assert len(charts) == 4


def test_each_chart_stands_on_the_dashboard_once(tmp_path):
    example, superset = runpy.run_path(str(EXAMPLE)), Recorded()
    dashboard = example["make_dashboard"](superset, tmp_path / "bi.duckdb")
    (uri,) = (body["sqlalchemy_uri"] for path, body in superset.asked if path == "database/")
    assert uri == f"duckdb:///{tmp_path / 'bi.duckdb'}?access_mode=read_only"
    linked = [path for path, body in superset.asked if body.get("dashboards") == [dashboard]]
    charts = [number for number, (path, _) in enumerate(superset.asked, 1) if path == "chart/"]
    assert linked == [f"chart/{number}" for number in charts]
    layout = example["position"](dict.fromkeys(charts, "title"))
    placed = [one["meta"]["chartId"] for one in layout.values() if one != "v2" and "meta" in one
              and "chartId" in one["meta"]]  # fmt: skip
    assert placed == charts
