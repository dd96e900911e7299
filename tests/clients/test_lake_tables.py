"""Tables of Delta and Iceberg as a source, written by the formats' own libraries.

The extensions come as packages for one version of DuckDB; the gate runs this file with that one.
"""

from __future__ import annotations

import datetime as dt
import re
import shutil

import deltalake
import duckdb
import pyarrow as pa
import pytest
from pyiceberg.catalog.sql import SqlCatalog

import segmenter
from segmenter import Settings, Source
from segmenter.schema.extensions import load_packaged
from tests.advice import look, said

COLUMNS = {"customer": "customer_id", "amount": "amount", "order": "order_id", "date": "sold_at"}
DAY = dt.datetime(2024, 1, 1)
TOTAL = "select round(sum(monetary), 2), count(*) from segments.customer_segments"


def sales(orders) -> pa.Table:
    """Return orders of 20 customers, 1.25 to 9.25 each."""
    return pa.table({
        "order_id": list(orders),
        "customer_id": [f"C{i % 20}" for i in orders],
        "amount": [i % 9 + 1.25 for i in orders],
        "sold_at": [DAY + dt.timedelta(days=i) for i in orders],
    })  # fmt: skip


def money(orders) -> float:
    return sum(i % 9 + 1.25 for i in orders)


class Delta:
    extension = "delta"

    def __init__(self, folder):
        self.path = f"{folder}/sales/"
        deltalake.write_deltalake(self.path, sales(range(100)))

    def append(self, orders):
        deltalake.write_deltalake(self.path, sales(orders), mode="append")

    def delete(self, order):
        deltalake.DeltaTable(self.path).delete(f"order_id = {order}")


class Iceberg:
    """As a catalogue of files has it: a file in the table's folder says which version is current.

    The library has no such catalogue; it tells the one that it has by heart.
    """

    extension = "iceberg"

    def __init__(self, folder):
        catalog = SqlCatalog("test", uri=f"sqlite:///{folder}/catalog.db", warehouse=f"{folder}")
        catalog.create_namespace("shop")
        self.table = catalog.create_table("shop.sales", sales(range(1)).schema)
        self.path = f"{self.table.location()}/"
        self.append(range(100))

    def append(self, orders):
        self.table.append(sales(orders))
        self.hint()

    def delete(self, order):
        self.table.delete(f"order_id = {order}")
        self.hint()

    def hint(self):
        name = self.table.metadata_location.rpartition("/")[2].removesuffix(".metadata.json")
        with open(f"{self.path}metadata/version-hint.text", "w") as file:
            file.write(name)


@pytest.fixture(params=[Delta, Iceberg])
def lake(request, tmp_path):
    with duckdb.connect() as con:
        if not load_packaged(con, request.param.extension):
            pytest.skip(f"the extension {request.param.extension} is not here")
    return request.param(tmp_path)


def test_a_table_is_read_live(lake, tmp_path):
    path = tmp_path / "model.duckdb"
    lake.delete(5)
    source = Source(transactions=lake.path, **COLUMNS)
    segmenter.open(path).fit(source, Settings(cut=1, n_neighbors=1))
    lake.append(range(100, 200))
    lake.delete(7)
    assert segmenter.open(path).refresh().customers == 20
    orders = set(range(200)) - {5, 7}
    with duckdb.connect(str(path)) as con:
        load_packaged(con, lake.extension)
        assert con.execute(TOTAL).fetchone() == (money(orders), 20)
    script = segmenter.open(path).export("duckdb").lower()
    assert re.search(rf"{lake.extension}_scan\(\s*'", script)


def test_what_is_broken_is_a_sentence(lake, con, tmp_path):
    for file in tmp_path.rglob("*.parquet"):
        file.unlink()
    message = said(con, transactions=lake.path, **COLUMNS)
    assert re.search(r'cannot be read: .*Cannot open file "\S+\.parquet": No such file', message)
    assert "\n" not in message


def test_an_iceberg_table_says_its_version_or_is_asked_for_it(con, tmp_path):
    """A commit that failed leaves a version that nobody should read."""
    if not load_packaged(con, "iceberg"):
        pytest.skip("the extension iceberg is not here")
    lake = Iceberg(tmp_path)
    named = lake.table.metadata_location
    lake.append(range(100, 200))
    (tmp_path / "shop/sales/metadata/version-hint.text").unlink()
    message = said(con, transactions=lake.path, **COLUMNS)
    assert "only its catalogue knows which version is current" in message
    (newest,) = re.findall(r"'(.*\.metadata\.json)'", message)
    assert look(con, transactions=newest, **COLUMNS).money == money(range(200))
    assert look(con, transactions=named, **COLUMNS).money == money(range(100))
    shutil.copy(newest, tmp_path / "orders.metadata.json")
    other = f"{tmp_path}/orders.metadata.json"
    assert "column 'customer_id' of customer is not in" in said(con, transactions=other, **COLUMNS)
