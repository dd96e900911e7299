"""The semantic model: each column and metric that it names can be asked for."""

from __future__ import annotations

import json

import duckdb
import pytest
from typer.testing import CliRunner

import segmenter
from segmenter import SegmenterError, Source
from segmenter.cli.app import app
from segmenter.operations.semantic_model import semantic_model
from tests.datasets import SHOP


def told(con):
    (model,) = json.loads(semantic_model(con))["semantic_model"]
    return model


def expression_of(one):
    ((dialect, text),) = [tuple(each.values()) for each in one["expression"]["dialects"]]
    assert dialect == "ANSI_SQL"
    return text


@pytest.fixture
def attributed(shop, sales):
    shop.execute(
        'alter table sales add column "Land, Code" varchar; update sales set "Land, Code" = '
        "case when order_id % 2 = 0 then 'AT' else 'DE' end"
    )
    segmenter.fit(shop, Source(**{**sales.as_dict(), "attributes": ["Land, Code"]}))
    return shop


def test_all_that_it_names_can_be_asked_for(attributed, tmp_path):
    model = told(attributed)
    segmenter.open(attributed).publish(tmp_path / "bi.duckdb")
    with duckdb.connect(str(tmp_path / "bi.duckdb")) as bi:
        for con in (attributed, bi):
            for dataset in model["datasets"]:
                columns = ", ".join(map(expression_of, dataset["fields"]))
                con.execute(f"select {columns} from {dataset['source']}").fetchall()
                key = ", ".join(dataset["primary_key"])
                twice = f"select {key} from {dataset['source']} group by all having count(*) > 1"
                assert con.execute(twice).fetchall() == [], "it is no key"
            metrics = {
                one["name"]: con.execute(
                    f"select {expression_of(one)} from segments.customer_segments"
                ).fetchone()[0]
                for one in model["metrics"]
            }
            summary = "select sum(customers), sum(revenue) from segments.segment_summary"
            assert con.execute(summary).fetchone() == pytest.approx(
                (metrics["customers"], metrics["revenue"])
            )
            assert metrics["mean_monetary"] == pytest.approx(
                metrics["revenue"] / metrics["customers"]
            )


def test_attributes_and_lifecycle_are_dimensions_and_money_is_none(attributed):
    model = told(attributed)
    fields = {one["name"]: one for one in model["datasets"][0]["fields"]}
    for name in ("segment", "segment_rank", "lifecycle", "lifecycle_rank", "Land, Code"):
        assert fields[name]["dimension"] == {"is_time": False}
    assert fields["last_order_at"]["dimension"] == {"is_time": True}
    for name in ("monetary", "frequency", "days_since_last_order"):
        assert "dimension" not in fields[name]
    assert expression_of(fields["Land, Code"]) == '"Land, Code"'
    assert all(field["description"] for field in fields.values())
    (relationship,) = model["relationships"]
    names = {dataset["name"] for dataset in model["datasets"]}
    assert {relationship["from"], relationship["to"]} <= names
    assert "Elite, Loyal, At-Risk, the highest first" in model["description"]


def test_anonymous_customers_are_counted_by_segment(con):
    con.execute(
        "create table points as select * from (values (10.0, 1, 40), (60.0, 2, 20), (250.0, 4, 5)) "
        "as t(monetary, frequency, customers)"
    )
    segmenter.fit(con, Source.from_points("points"))
    model = told(con)
    assert "relationships" not in model
    assert "segment_summary" in {dataset["name"] for dataset in model["datasets"]}
    (customers, revenue) = (
        con.execute(f"select {expression_of(one)} from segments.segment_summary").fetchone()[0]
        for one in model["metrics"]
    )
    assert (customers, revenue) == (65, 10 * 40 + 60 * 20 + 250 * 5)


def test_the_command_line_writes_it(tmp_path, shop, sales):
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as con:
        con.execute(SHOP)
        segmenter.fit(con, sales)
        wanted = semantic_model(con)
    runner = CliRunner()

    def run(*words):
        return runner.invoke(app, ["export", str(tmp_path / "shop.duckdb"), *words])

    assert run("--what", "semantic").stdout == wanted
    output = tmp_path / "segments.json"
    assert run("--what", "semantic", "--output", str(output)).exit_code == 0
    assert output.read_text(encoding="utf-8") == wanted
    assert segmenter.open(tmp_path / "shop.duckdb").semantic_model() == wanted
    for words, said in (
        (("--what", "semantic", "--dialect", "duckdb"), "Leave out --dialect and --table"),
        (("--what", "semantic", "--table", "sales"), "Leave out --dialect and --table"),
        ((), "name the warehouse with --dialect: duckdb, postgres"),
    ):
        with pytest.raises(SegmenterError, match=said):
            raise run(*words).exception
