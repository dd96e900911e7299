"""``segmenter label``: files in, the same rows with their segments out."""

from __future__ import annotations

import re
import shutil
from itertools import product
from pathlib import Path

import duckdb
import pytest

import segmenter
from segmenter.operations.label import label_profiles
from segmenter.sources.files import InputFile
from segmenter.sources.output_files import OutputFile
from tests.datasets import RETAIL

MAPPING = ("--customer", "CustomerID", "--amount", "Quantity * UnitPrice", "--order", "InvoiceNo")
DATED = (*MAPPING, "--date", "InvoiceDate")


@pytest.fixture(params=["macro", "rules"])
def retail(request, retail_models):
    return retail_models[request.param]


@pytest.fixture
def model(retail_models):
    return retail_models["macro"]


@pytest.fixture(scope="module")
def profile_files(retail_models, tmp_path_factory):
    """Every customer of Online Retail in no particular order, with columns of other kinds."""
    folder = tmp_path_factory.mktemp("profiles")
    with duckdb.connect(str(retail_models["macro"]), read_only=True) as con:
        for suffix in ("parquet", "csv"):
            con.execute(
                f"""
                copy (
                    select 'row, "' || customer_id || '"' as note, monetary, customer_id,
                        '00' || customer_id as code, frequency, last_order_at
                    from segments.customer_segments
                    order by hash(customer_id)
                ) to '{folder}/profiles.{suffix}'
                """
            )
    return folder


@pytest.fixture
def profiles(profile_files, tmp_path):
    return Path(shutil.copytree(profile_files, tmp_path, dirs_exist_ok=True))


def rows(query):
    return duckdb.execute(query).fetchall()


def left(folder):
    return sorted(path.name for path in folder.iterdir())


def write(folder, name, select):
    rows(f"copy ({select}) to '{folder}/{name}'")
    return folder / name


FEW = "select 1 as customer_id, 10.0::double as monetary, 2 as frequency"


def is_rare(model, given, wanted):
    return model == "rules" and given != wanted


def formats(given, wanted):
    """Try every way with the macro; without one, which writes no differently, the plain ones."""
    return pytest.mark.parametrize(
        ("retail", "given", "wanted"),
        [
            pytest.param(*way, marks=[pytest.mark.extended] if is_rare(*way) else [])
            for way in product(("macro", "rules"), given, wanted)
        ],
        indirect=["retail"],
    )


@formats(["parquet", "csv"], ["parquet", "csv", "tsv", "csv.gz", "csv.zst"])
def test_profiles_keep_rows_and_columns_and_get_the_knn_s_label(
    run, retail, profiles, given, wanted
):
    before, after = profiles / f"profiles.{given}", profiles / f"labelled.{wanted}"
    result = run("label", retail, "--input", before, "--output", after)
    assert result.code == 0, result.err
    assert "4,372 rows (Elite " in result.err
    assert result.out == ""
    old, new = rows(f"from '{before}'"), rows(f"from '{after}'")
    assert [row[:-2] for row in new] == old
    names = [row[0] for row in rows(f"describe from '{after}'")]
    assert names == [row[0] for row in rows(f"describe from '{before}'")] + [
        "segment",
        "segment_rank",
    ]
    with duckdb.connect(str(retail), read_only=True) as con:
        segmenter.register(con)
        expected = con.execute(
            f"select classify_segment_knn(monetary, frequency::double) from '{before}'"
        ).fetchall()
        ranks = dict(
            con.execute("select segment, segment_rank from segments.segment_summary").fetchall()
        )
    assert [(row[-2],) for row in new] == expected
    assert [row[-1] for row in new] == [ranks[row[-2]] for row in new]
    assert left(profiles) == sorted(
        ["profiles.csv", "profiles.parquet", f"labelled.{wanted}"],
    )


@formats(["parquet", "csv", "glob"], ["parquet", "csv"])
def test_transactions_become_the_view_customer_segments(run, retail, tmp_path, given, wanted):
    source = RETAIL
    if given == "csv":
        source = write(tmp_path, "sales.csv", f"from '{RETAIL}'")
    if given == "glob":
        for part in (0, 1):
            write(tmp_path, f"part{part}.parquet", f"from '{RETAIL}' where Quantity % 2 = {part}")
        write(tmp_path, "part2.parquet", f"from '{RETAIL}' where Quantity % 2 not in (0, 1)")
        source = tmp_path / "part*.parquet"
    after = tmp_path / f"customers.{wanted}"
    result = run("label", retail, "--input", source, "--output", after, *DATED)
    assert result.code == 0, result.err
    assert "135,080 rows have no customer" in result.err
    found = rows(f"from '{after}'")
    with duckdb.connect(str(retail), read_only=True) as con:
        expected = con.execute("from segments.customer_segments order by customer_id").fetchall()
    assert found == expected
    kinds = [row[1] for row in rows(f"describe from '{after}'")]
    assert kinds[1:3] == ["DOUBLE", "BIGINT"]


def test_both_ways_agree_beyond_what_the_model_has_seen(retail_models, tmp_path):
    before = write(
        tmp_path,
        "wild.parquet",
        """
        select i as row_no, monetary, frequency
        from (
            select row_number() over () as i, *
            from (
                select unnest([-1e12, -0.005, -0.0, 0.0, 64.99, 65.0, 184.999, 1e9, 1e12, 1e300,
                    'nan'::double, 'inf'::double, '-inf'::double, null]) as monetary
            ) cross join (
                select unnest([-1e9, -1.0, 0.0, 0.9, 1.0, 1.99, 2.0, 7.0, 1e6, 1e300,
                    'nan'::double, 'inf'::double, null]) as frequency
            )
        )
        """,
    )
    labels = {}
    for name, database in retail_models.items():
        after = tmp_path / f"{name}.parquet"
        with duckdb.connect(str(database), read_only=True) as con:
            done = label_profiles(con, InputFile(str(before)), OutputFile(after))
            segmenter.register(con)
            expected = con.execute(
                f"select classify_segment_knn(monetary, frequency) from '{before}'"
            ).fetchall()
        found = rows(f"from '{after}'")
        assert [row[0] for row in found] == list(range(1, 14 * 13 + 1))
        assert [(row[3],) for row in found] == expected
        assert done.rows == 14 * 13
        assert done.unlabelled == 14 * 13 - 10 * 10
        labels[name] = [row[3:] for row in found]
    assert labels["macro"] == labels["rules"]


@pytest.mark.parametrize("name", ["macro", "rules"])
def test_many_rows_keep_their_order(retail_models, tmp_path, name):
    before = write(
        tmp_path,
        "many.parquet",
        """
        select i, (hash(i) % 100000) / 7.0 as monetary, hash(i + 1) % 30 as frequency
        from range(1000000) as t(i)
        """,
    )
    after = tmp_path / "labelled.parquet"
    with duckdb.connect(str(retail_models[name]), read_only=True) as con:
        label_profiles(con, InputFile(str(before)), OutputFile(after))
    assert rows(f"select count(*) from '{after}' where i <> file_row_number") == [(0,)]


def test_text_to_text_keeps_values_as_they_stand(run, model, tmp_path):
    (tmp_path / "in.csv").write_text(
        "zip,monetary,when,frequency,amount\n007,12.50,1/2/2024,3,1e3\n,1.0,,2,\n"
    )
    run("label", model, "--input", tmp_path / "in.csv", "--output", tmp_path / "out.csv")
    lines = (tmp_path / "out.csv").read_text().splitlines()
    assert lines[1].startswith("007,12.50,1/2/2024,3,1e3,")
    assert lines[2].startswith(",1.0,,2,,")


def test_other_columns_and_expressions_can_be_named(run, model, tmp_path):
    for suffix in ("csv", "parquet"):
        before = write(tmp_path, f"in.{suffix}", 'select 100.5 as "My Spend", 4 as n, 6 as m')
        after = tmp_path / f"out.{suffix}"
        words = ("--monetary", "My Spend", "--frequency", "(n + m) / 2")
        assert run("label", model, "--input", before, "--output", after, *words).code == 0
        with duckdb.connect(str(model), read_only=True) as con:
            (segment,) = con.execute("select classify_segment(100.5, 5)").fetchone()
        assert rows(f"select segment from '{after}'") == [(segment,)]


def test_values_that_are_missing_have_no_segment_and_are_counted(run, model, tmp_path):
    before = write(
        tmp_path,
        "in.parquet",
        "select unnest([1.0, null, 'nan'::double, 'inf'::double]) as monetary, 2 as frequency",
    )
    result = run("label", model, "--input", before, "--output", tmp_path / "out.parquet")
    assert "3 rows have no segment" in result.err
    found = rows(f"select segment is null, segment_rank is null from '{tmp_path}/out.parquet'")
    assert found == [(False, False), (True, True), (True, True), (True, True)]


def test_columns_called_segment_are_replaced_only_when_asked(run, model, tmp_path):
    before = write(tmp_path, "in.parquet", f"select 'old' as Segment, * from ({FEW})")
    words = ("label", model, "--input", before, "--output", tmp_path / "out.parquet")
    result = run(*words)
    assert result.code == 2
    assert "has a column 'Segment' already. Replace it with --overwrite-column" in result.err
    assert run(*words, "--overwrite-column").code == 0
    names = [row[0] for row in rows(f"describe from '{tmp_path}/out.parquet'")]
    assert names == ["customer_id", "monetary", "frequency", "segment", "segment_rank"]


def test_an_existing_output_is_replaced_only_when_asked(run, model, tmp_path):
    before = write(tmp_path, "in.parquet", FEW)
    (tmp_path / "out.parquet").write_text("precious")
    words = ("label", model, "--input", before, "--output", tmp_path / "out.parquet")
    result = run(*words)
    assert result.code == 2
    assert "exists already. Name another output, or replace it with --overwrite" in result.err
    assert (tmp_path / "out.parquet").read_text() == "precious"
    assert run(*words, "--overwrite").code == 0
    assert len(rows(f"from '{tmp_path}/out.parquet'")) == 1


def test_quiet_says_nothing(run, model, tmp_path):
    before = write(tmp_path, "in.parquet", "select null::double as monetary, 1 as frequency")
    result = run("label", model, "--input", before, "--output", tmp_path / "out.csv", "--quiet")
    assert (result.code, result.out, result.err) == (0, "", "")


def test_limits_are_passed_on(run, model, tmp_path):
    before = write(tmp_path, "in.parquet", FEW)
    words = ("label", model, "--input", before, "--output", tmp_path / "out.csv")
    assert run(*words, "--memory-limit", "500MB", "--threads", "1").code == 0
    for limit in (("--memory-limit", "lots"), ("--threads", "0")):
        result = run(*words, "--overwrite", *limit)
        assert result.code == 2
        assert f"{limit[0]} {limit[1]} does not work" in result.err


def test_transactions_that_are_counted_otherwise_than_the_model_s_are_noted(run, model, tmp_path):
    words = ("label", model, "--input", RETAIL, "--output", tmp_path / "out.csv")
    result = run(*words, *DATED[:4], *DATED[6:], "--window", "6 months")
    assert result.code == 0
    assert "the model was fitted on all time" in result.err
    assert "the model counted distinct orders as frequency, and here rows count" in result.err


@pytest.mark.parametrize("given", ["monetary", "try_cast(amount as double)"])
def test_texts_are_labelled_with_the_expression_that_the_message_gives(run, model, tmp_path, given):
    """The message leads to every row, whether profiles or raw transactions are labelled."""
    lines = [f"c{i},{1_000 + i:,}.50,{i % 4 + 1}" for i in range(40)]
    quoted = [
        f'{line.split(",")[0]},"{1_000 + i:,}.50",{i % 4 + 1}' for i, line in enumerate(lines)
    ]
    path = tmp_path / "in.csv"
    name = "monetary" if given == "monetary" else "amount"
    path.write_text("\n".join([f"customer_id,{name},frequency", *quoted]) + "\n", encoding="utf-8")
    words = ("label", model, "--input", path, "--output", tmp_path / "out.csv")
    raw = ("--customer", "customer_id") if name == "amount" else ()
    refused = run(*words, *raw, f"--{name}", given)
    assert refused.code == 2
    if raw:
        found = re.search(r"--amount (\w+) and --number-format (\S+)\.", refused.err)
        better = ("--amount", found[1], "--number-format", found[2])
    else:
        better = ("--monetary", re.search(r'"(cast\(replace\(.*?as double\))"', refused.err)[1])
    assert run(*words, *raw, *better).code == 0
    with duckdb.connect() as con:
        query = f"select count(segment) from read_csv('{tmp_path}/out.csv')"
        assert con.execute(query).fetchone() == (40,)


def test_a_column_becomes_parquet_as_the_whole_file_says(run, model, tmp_path):
    """A type that is guessed from the first rows would round a later 2.75 and refuse B-12."""
    path = tmp_path / "in.csv"
    rows = "case when i = 50001 then 'B-12' else '12' end as code, "
    rows += "case when i = 50001 then '2.75' else '3' end as paid"
    with duckdb.connect() as con:
        con.execute(
            f"copy (select i as monetary, 1 as frequency, {rows} from range(60000) as t(i)) "
            f"to '{path}'"
        )
        done = run("label", model, "--input", path, "--output", tmp_path / "out.parquet")
        assert done.code == 0
        query = f"select max(code), min(paid) from '{tmp_path}/out.parquet'"
        assert con.execute(query).fetchone() == ("B-12", 2.75)
