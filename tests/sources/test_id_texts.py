"""Ids in files: the same customers wherever in a file an id stands that is written otherwise."""

from __future__ import annotations

import gzip
import random

import pytest

import segmenter
from segmenter import SegmenterError, Settings, Source
from segmenter.operations.refresh import Refresh
from segmenter.training.stage import Stage
from segmenter.training.train import inspect
from tests.advice import Heard, csv_advised, fitted
from tests.combinations import first_in_gate

MANY = 25_000
"""More lines than a reader looks at before it decides on types and quotes."""


@pytest.fixture
def customers(con, tmp_path):
    """Return the customers as a fit adds them up, and its notes, by code."""

    def customers(ids, *, name="sales.csv", **source):
        lines = [f"{text},{i},{i % 20}.5" for i, text in enumerate(ids)]
        text = "\n".join(["customer_id,order_id,amount", *lines, ""])
        path = tmp_path / name
        path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
        heard = Heard()
        given = Source.from_transactions(
            str(path), customer="customer_id", order="order_id", amount="amount", **source
        )
        with Stage(con, given, Settings(cut=1, n_neighbors=1)) as stage:
            inspect(stage, heard)
            rows = con.execute(f"select customer_id, frequency from {stage.customers}").fetchall()
        return dict(rows), dict(zip(heard.codes, heard.warnings, strict=True))

    return customers


def late(*ids):
    return [*(str(i % 20 + 1) for i in range(MANY)), *ids]


def early(*ids):
    return [*ids, *late()]


@pytest.mark.parametrize("place", [early, late])
@first_in_gate(
    ("ids", "own"),
    [
        (["007", "007"], {"007": 2}),
        (["12345678901234567", "12345678901234568", "7.0"],
         {"12345678901234567": 1, "12345678901234568": 1, "7.0": 1}),
        (["+7"], {"+7": 1}),
        (["7.50", "7.5"], {"7.50": 1, "7.5": 1}),
        (["1e3", "1000"], {"1e3": 1, "1000": 1}),
    ], first=2,
)  # fmt: skip
def test_an_id_that_no_number_keeps_is_another_customer_wherever_it_stands(
    customers, ids, own, place
):
    found, notes = customers(place(*ids))
    found = {str(key): orders for key, orders in found.items()}
    assert {key: found[key] for key in own} == own
    assert len(found) == 20 + len(own)
    assert found["7"] == MANY // 20 + ids.count("7")
    if place is late:
        assert "customer_id of " in notes["ids_as_text"]
        assert any(repr(text) in notes["ids_as_text"] for text in ids)


@pytest.mark.parametrize("place", [early, late])
@pytest.mark.parametrize("ids", [[" 7", "7 "]])
def test_spaces_around_a_number_are_no_part_of_it(customers, ids, place):
    found, notes = customers(place(*ids))
    assert found[7] == MANY // 20 + len(ids)
    assert "ids_as_text" not in notes


@pytest.mark.parametrize("place", [early, late])
def test_a_number_with_a_point_makes_numbers_of_all(customers, place):
    """Tools that have a missing value in a column write its whole numbers as 7.0."""
    found, notes = customers(place("7.0", "7.5"))
    assert found[7.0] == MANY // 20 + 1
    assert found[7.5] == 1
    assert "float_customers" in notes


def test_types_that_are_given_are_kept(customers):
    found, notes = customers(late("007"), csv={"types": {"CUSTOMER_ID": "BIGINT"}})
    assert found[7] == MANY // 20 + 1
    assert "ids_as_text" not in notes


def test_orders_and_attributes_keep_their_zeros_too(con, tmp_path):
    lines = [f"C{i % 20},{i},1.5,{i % 20 + 100}" for i in range(MANY)]
    path = tmp_path / "sales.csv"
    path.write_text("\n".join(["customer_id,order_id,amount,zip", *lines, "C1,01,1.5,00121", ""]))
    source = Source.from_transactions(
        str(path), customer="customer_id", order="order_id", amount="amount", attributes=["zip"]
    )
    segmenter.fit(con, source, Settings(cut=1, n_neighbors=1))
    rows = con.execute(
        "select frequency, zip from segments.customer_segments where customer_id = 'C1'"
    )
    assert rows.fetchall() == [(MANY // 20 + 1, "101")]


@pytest.mark.parametrize("name", ["sales.csv", "sales.csv.gz"])
def test_a_quoted_id_is_the_one_without_quotes_wherever_it_stands(customers, name):
    ids = [f"K{i % 20}" for i in range(MANY)]
    random.Random(1).shuffle(ids)
    found, _ = customers([*ids, '"K7"', '"K ""8"", 9"'], name=name)
    assert found["K7"] == MANY // 20 + 1
    assert found['K "8", 9'] == 1
    assert len(found) == 21


def test_quotes_in_some_files_of_a_glob_are_quotes_in_all(con, tmp_path):
    header = "customer_id,order_id,amount\n"
    plain = "".join(f"K{i % 20},{i},1.5\n" for i in range(MANY))
    (tmp_path / "1.csv").write_text(f'{header}{plain}"K7",a,1.5\n')
    (tmp_path / "2.csv").write_text(f'{header}"K7",b,1.5\n')
    source = Source.from_transactions(
        str(tmp_path / "*.csv"), customer="customer_id", order="order_id", amount="amount"
    )
    segmenter.fit(con, source, Settings(cut=1, n_neighbors=1))
    query = "select count(*), max(frequency) from segments.customer_profile"
    assert con.execute(query).fetchone() == (20, MANY // 20 + 2)


def test_single_quotes_stay_quotes(customers):
    found, _ = customers([f"'K{i % 20}'" for i in range(200)])
    assert found["K7"] == 10
    found, _ = customers([*(f"K{i % 20}" for i in range(15_000)), "'K7'", '"K7"'])
    assert found["K7"] == 751


def test_a_mark_of_inches_stays_in_the_middle_of_a_value(customers):
    found, _ = customers([*(f"K{i % 20}" for i in range(MANY)), 'pipe 5" long'])
    assert found['pipe 5" long'] == 1


def test_quotes_that_begin_values_and_do_not_end_them_swallow_no_line(customers):
    """They are read as they stand; beside such that do end them that is said."""
    plain = [f"K{i % 20}" for i in range(MANY)]
    found, notes = customers([*plain, '"Special', "K1", 'K2"', '"Best" lamp'])
    assert found['"Special'] == found['K2"'] == found['"Best" lamp'] == 1
    assert found["K1"] == MANY // 20 + 1
    assert "late_quotes" not in notes
    found, notes = customers([*plain, '"Special', '"K1"'])
    assert found['"K1"'] == 1
    (options,) = csv_advised(notes["late_quotes"])
    found, notes = customers([*plain, "Special", '"K1"'], csv=options)
    assert found["K1"] == MANY // 20 + 1
    assert "late_quotes" not in notes


def test_lines_of_totals_are_refused_or_left_out_as_before(customers):
    lines = late("Total")
    with pytest.raises(SegmenterError, match="Total"):
        customers(lines)
    found, notes = customers(lines, csv={"ignore_errors": True})
    assert len(found) == 20
    assert "ids_as_text" not in notes
    with pytest.raises(SegmenterError, match="'007'") as caught:
        customers([*lines, "007"], csv={"ignore_errors": True})
    for options, n in zip(csv_advised(str(caught.value)), (20, 22), strict=True):
        assert len(customers([*lines, "007"], csv=options)[0]) == n


@pytest.mark.parametrize("text", ["K7", "123456789012345678901"])
def test_an_id_that_is_no_such_number_is_told_with_what_reads_it(customers, text):
    with pytest.raises(SegmenterError, match=text) as caught:
        customers(late(text))
    options = csv_advised(str(caught.value))[0]
    assert options == {"types": {"customer_id": "VARCHAR"}}
    assert customers(late(text), csv=options)[0][text] == 1


def test_a_condition_on_a_number_says_why_it_is_a_text(customers):
    with pytest.raises(SegmenterError) as caught:
        customers(late("007"), where="customer_id % 100 > 5")
    (options,) = csv_advised(str(caught.value))
    found, _ = customers(late("007"), where="customer_id % 100 > 5", csv=options)
    assert found[7] == MANY // 20 + 1


def test_a_refresh_refuses_ids_that_the_views_would_change(con, tmp_path, customers):
    found, _ = customers(late())
    source = {"customer": "customer_id", "order": "order_id", "amount": "amount"}
    fitted(con, transactions=str(tmp_path / "sales.csv"), **source)
    with open(tmp_path / "sales.csv", "a", encoding="utf-8") as file:
        file.write("7,30000,1.5\n")
    refreshed(con)
    with open(tmp_path / "sales.csv", "a", encoding="utf-8") as file:
        file.write("007,30001,1.5\n")
    with pytest.raises(SegmenterError, match=r"was BIGINT at the fit and is VARCHAR now.*'007'"):
        refreshed(con)
    with open(tmp_path / "sales.csv", "a", encoding="utf-8") as file:
        file.write("8,K7,1.5\n")
    with pytest.raises(SegmenterError, match="VARCHAR now"):
        refreshed(con)
    (tmp_path / "sales.csv").write_text("customer_id,order_id,amount\n" + "7,1,1.5\n" * MANY)
    with open(tmp_path / "sales.csv", "a", encoding="utf-8") as file:
        file.write("8,K7,1.5\n")
    with pytest.raises(SegmenterError, match=r"as at the fit: line 25,002 .*Mend it, or fit again"):
        refreshed(con)
    assert len(found) == 20


def test_a_refresh_refuses_quotes_that_the_views_would_read(con, tmp_path, customers):
    customers(f"K{i % 20}" for i in range(MANY))
    source = {"customer": "customer_id", "order": "order_id", "amount": "amount"}
    fitted(con, transactions=str(tmp_path / "sales.csv"), **source)
    with open(tmp_path / "sales.csv", "a", encoding="utf-8") as file:
        file.write('"K7",30000,1.5\n')
    with pytest.raises(SegmenterError, match="are in quotes now, which none was at the fit"):
        refreshed(con)
    fitted(con, transactions=str(tmp_path / "sales.csv"), **source)
    with open(tmp_path / "sales.csv", "a", encoding="utf-8") as file:
        file.write('"K8",30001,1.5\n')
    refreshed(con)
    assert con.execute("select count(*) from segments.customer_profile").fetchone() == (20,)


def refreshed(con):
    with Refresh(con) as refresh:
        refresh.prepare()
        refresh.store()
