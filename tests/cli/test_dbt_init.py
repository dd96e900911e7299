"""``segmenter dbt init``: what it writes, what it leaves alone, what it refuses."""

from __future__ import annotations

import csv
import json

import duckdb
import pytest

import segmenter
from segmenter import InputError, Settings, Source
from segmenter.dbt.project import YOURS
from tests.advice import advised
from tests.datasets import SHOP

SALES = ("--transactions", "sales", "--customer", "customer_id", "--amount", "amount")


@pytest.fixture
def shop_file(fitted_file):
    return fitted_file(SHOP, *SALES, "--order", "order_id", "--date", "sold_at")


@pytest.fixture
def package(run, shop_file, tmp_path):
    folder = tmp_path / "segments"
    assert run("dbt", "init", shop_file, folder).code == 0
    return folder


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_seed_is_the_rules(run, shop_file, package):
    text = (package / "seeds" / "segment_rules.csv").read_text()
    found = list(csv.DictReader(text.splitlines()))
    known = json.loads(run("rules", shop_file, "--format", "json").out)["rows"]
    assert len(found) == len(known)
    assert {row["segment"] for row in found} == {row["segment"] for row in known}
    assert found[0]["frequency_from"] == "0"
    assert found[-1]["frequency_to"] == ""  # open
    assert all("inf" not in value for row in found for value in row.values())


def test_the_same_model_gives_the_same_bytes(shop_file, package, tmp_path):
    segmenter.open(shop_file).dbt_init(tmp_path / "again")
    assert contents(tmp_path / "again") == contents(package)


def test_descriptions_are_our_comments(shop_file, package):
    text = (package / "models" / "schema.yml").read_text()
    with duckdb.connect(str(shop_file)) as con:
        rows = con.execute(
            "select column_name, comment from duckdb_columns() where schema_name = 'segments' "
            "and table_name in ('customer_profile', 'customer_segments', 'segment_summary')"
        ).fetchall()
    assert rows
    for name, comment in rows:
        assert f'- name: "{name}"\n        description: |\n          {comment}' in text


def test_a_refit_writes_anew_what_the_model_gives(run, shop_file, package):
    before = contents(package)
    for name in YOURS:
        (package / name).write_text(before[name] + "# mine\n")
    (package / "models" / "mine.sql").write_text("select 1 as one")
    refused = run("dbt", "init", shop_file, package)
    assert refused.code == 2
    assert "has a package already. Write it anew with --overwrite" in refused.err
    assert run("refit", shop_file, "--levels", "1", "--publish").code == 0
    assert run("dbt", "init", shop_file, package, "--overwrite").code == 0
    after = contents(package)
    assert {name for name in YOURS if after[name] == before[name] + "# mine\n"} == set(YOURS)
    assert after["models/mine.sql"] == "select 1 as one"
    changed = {name for name in before if after[name] != before[name]} - set(YOURS)
    assert changed == {
        "macros/classify_segment.sql", "macros/explain_segment.sql",
        "macros/segments_model.sql", "models/customer_segments.sql", "models/segment_summary.sql",
        "seeds/segment_bins.csv", "seeds/segment_rules.csv",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["theirs", "segments"])
def test_a_folder_of_somebody_else_stays_as_it_is(run, shop_file, tmp_path, name):
    folder = tmp_path / "theirs"
    (folder / "models").mkdir(parents=True)
    (folder / "dbt_project.yml").write_text(f"name: {name}\n")
    for more in ((), ("--overwrite",)):
        refused = run("dbt", "init", shop_file, folder, *more)
        assert refused.code == 2
        assert "is no package of ours and has 1 file (dbt_project.yml)" in refused.err
        assert contents(folder) == {"dbt_project.yml": f"name: {name}\n"}
    advice = refused.err.split("such as ")[1].strip().rstrip(".").strip("'")
    assert run("dbt", "init", shop_file, advice).code == 0
    assert (folder / "segments" / "dbt_project.yml").is_file()


def test_a_folder_that_cannot_be(run, shop_file, tmp_path):
    (tmp_path / "file").write_text("x")
    refused = run("dbt", "init", shop_file, tmp_path / "file")
    assert (refused.code, "is a file. Name a new or an empty folder" in refused.err) == (2, True)
    refused = run("dbt", "init", shop_file, tmp_path / "no" / "such")
    assert (refused.code, "there is no folder" in refused.err) == (2, True)
    assert run("dbt", "init", shop_file, tmp_path / "empty").code == 0


def test_after_dbt_comes_init(run):
    refused = run("dbt", "shop.duckdb")
    assert refused.code == 2
    assert "after dbt comes another word: segmenter dbt init" in refused.err


def test_a_model_of_a_file_names_a_table(con, shop, tmp_path):
    shop.execute(f"copy sales to '{tmp_path}/sales.parquet'")
    source = Source(
        transactions=f"{tmp_path}/sales.parquet", customer="customer_id", amount="amount"
    )
    segmenter.fit(con, source)
    db = segmenter.open(con)
    with pytest.raises(InputError, match="dbt reads tables") as refused:
        db.dbt_init(tmp_path / "segments")
    (table,) = advised(str(refused.value), "table")
    db.dbt_init(tmp_path / "segments", table=table)
    assert 'identifier: "sales"' in (tmp_path / "segments" / "models" / "sources.yml").read_text()


def test_names_of_tables(shop, tmp_path):
    shop.execute('create schema "My Shop"; create table "My Shop"."Sales" as from sales')
    source = Source(transactions='"My Shop"."Sales"', customer="customer_id", amount="amount")
    segmenter.fit(shop, source)
    segmenter.open(shop).dbt_init(tmp_path / "segments")
    text = (tmp_path / "segments" / "models" / "sources.yml").read_text()
    assert 'schema: "My Shop"' in text
    assert 'identifier: "Sales"' in text


def test_a_model_without_customers_or_with_a_list_is_refused(con, shop, tmp_path):
    shop.execute("create table tests as select 1 as customer_id")
    source = Source(transactions="sales", customer="customer_id", amount="amount", exclude="tests")
    segmenter.fit(shop, source)
    with pytest.raises(InputError, match="cannot carry that list"):
        segmenter.open(shop).dbt_init(tmp_path / "segments")
    con.execute("create table points as select i as monetary, 1 as frequency, 1 as customers "
                "from range(1, 40) as t(i)")  # fmt: skip
    segmenter.fit(con, Source(points="points"), replace=True, publish=True)
    with pytest.raises(InputError, match="fitted to anonymous points"):
        segmenter.open(con).dbt_init(tmp_path / "segments")
    assert not (tmp_path / "segments").exists()


def test_without_a_function_there_is_no_package(shop, sales, tmp_path):
    segmenter.fit(shop, sales, Settings(max_rules=1))
    with pytest.raises(segmenter.SegmenterError, match="no function for a package"):
        segmenter.open(shop).dbt_init(tmp_path / "segments")
    assert not (tmp_path / "segments").exists()


def test_a_written_package_is_that_of_this_version(package):
    text = (package / "macros" / "segments_model.sql").read_text()
    assert f'"segmenter_version": "{segmenter.__version__}"' in text
