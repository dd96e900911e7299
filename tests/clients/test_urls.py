"""Sales behind URLs: an S3 of our own, by moto, and a web server with a certificate of our own.

The extension comes as a package for one version of DuckDB; the gate runs this file with that one.
"""

from __future__ import annotations

import logging
import ssl
import threading
import urllib.request

import boto3
import deltalake
import duckdb
import flask
import pytest
import trustme
from moto.server import ThreadedMotoServer
from werkzeug.serving import make_server

import segmenter
from segmenter import InputError, Settings, Source
from segmenter.schema.extensions import load_packaged
from tests.advice import look, said

COLUMNS = {"customer": "customer_id", "amount": "amount", "order": "order_id", "date": "sold_at"}
TOTAL = "select round(sum(monetary), 2), count(*) from segments.customer_segments"
KEY, SECRET = "AKIAKEY", "hush-hush-hush"
QUICK = Settings(cut=1, n_neighbors=1)


def write_sales(path, orders):
    """Write orders of 20 customers, 1.25 to 9.25 each, as Parquet or CSV."""
    with duckdb.connect() as con:
        con.execute(
            "copy (select i as order_id, 'C' || i % 20 as customer_id, i % 9 + 1.25 as amount, "
            "timestamp '2024-01-01' + to_days(i::int) as sold_at "
            f"from range({orders.start}, {orders.stop}) as t(i)) to '{path}'"
        )


def money(orders) -> float:
    return sum(i % 9 + 1.25 for i in orders)


@pytest.fixture(autouse=True)
def httpfs(monkeypatch, tmp_path):
    """Secrets of a home of its own, and nothing of this machine's environment."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with duckdb.connect() as con:
        if not load_packaged(con, "httpfs"):
            pytest.skip("the extension httpfs is not here")


@pytest.fixture(scope="module")
def moto():
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    yield "{}:{}".format(*server.get_host_and_port())
    server.stop()


def ask(moto, name, data=b""):
    """Ask moto for something that no S3 does."""
    headers = {"Content-Type": "application/octet-stream"}
    request = urllib.request.Request(f"http://{moto}/moto-api/{name}", data, headers)
    urllib.request.urlopen(request).close()


@pytest.fixture
def bucket(moto, tmp_path):
    """An empty bucket shop, whose secret DuckDB keeps; the function puts files into it."""
    ask(moto, "reset")
    names = {"aws_access_key_id": KEY, "aws_secret_access_key": SECRET}
    client = boto3.client("s3", endpoint_url=f"http://{moto}", region_name="us-east-1", **names)
    client.create_bucket(Bucket="shop")
    with duckdb.connect() as con:
        load_packaged(con, "httpfs")
        for kind in ("s3", "gcs"):
            con.execute(
                f"create persistent secret {kind}_of_test (type {kind}, key_id '{KEY}', secret "
                f"'{SECRET}', endpoint '{moto}', use_ssl false, url_style 'path')"
            )

    def put(name, orders):
        file = tmp_path / name.replace("/", "-")
        write_sales(file, orders)
        client.upload_file(str(file), "shop", name)

    yield put
    client.close()


def test_a_bucket_is_read_live_and_its_secret_not_kept(bucket, tmp_path):
    bucket("2024/a.parquet", range(100))
    path = tmp_path / "model.duckdb"
    source = Source(transactions="s3://shop/2024/*.parquet", **COLUMNS)
    segmenter.open(path).fit(source, QUICK)
    bucket("2024/b.parquet", range(100, 200))
    assert segmenter.open(path).refresh().customers == 20
    with duckdb.connect(str(path)) as con:
        load_packaged(con, "httpfs")
        assert con.execute(TOTAL).fetchone() == (money(range(200)), 20)
    assert SECRET.encode() not in path.read_bytes()


def test_what_is_not_there_or_not_allowed_is_a_sentence(bucket, moto, con):
    bucket("sales.csv", range(50))
    for url in ("s3://shop/sales.csv", "gs://shop/*.csv"):
        assert look(con, transactions=url, **COLUMNS).money == money(range(50))
    for url in ("s3://shop/none.parquet", "s3://nobody/sales.csv"):
        assert "Look at the address" in said(con, transactions=url, **COLUMNS)
    assert "No files found" in said(con, transactions="s3://shop/none*.csv", **COLUMNS)
    ask(moto, "reset-auth", b"0")  # from here on keys are looked at
    try:
        message = said(con, transactions="s3://shop/sales.csv", **COLUMNS)
    finally:
        ask(moto, "reset-auth", b"inf")
    assert "HTTP 403" in message
    assert "create persistent secret (type s3, key_id" in message
    assert SECRET not in message


def test_a_table_of_delta_in_a_bucket_is_read_by_a_query(bucket, moto, con, tmp_path):
    if not load_packaged(con, "delta"):
        pytest.skip("the extension delta is not here")
    bucket("other.parquet", range(1))
    write_sales(tmp_path / "sales.parquet", range(70))
    options = {
        "AWS_ENDPOINT_URL": f"http://{moto}", "AWS_ALLOW_HTTP": "true", "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET,
    }  # fmt: skip
    rows = duckdb.sql(f"from '{tmp_path}/sales.parquet'").to_arrow_table()
    deltalake.write_deltalake("s3://shop/sales", rows, storage_options=options)
    message = said(con, transactions="s3://shop/sales", **COLUMNS)
    query = message.partition("such as ")[2].rstrip(".")
    assert query == "select * from delta_scan('s3://shop/sales')"
    (tmp_path / "sales.sql").write_text(query)
    with duckdb.connect() as fresh:
        seen = look(fresh, transactions=f"{tmp_path}/sales.sql", **COLUMNS)
    assert seen.money == money(range(70))


@pytest.mark.parametrize(
    "url",
    [
        "https://me:hush@example.org/sales.csv",
        "https://b.s3.amazonaws.com/sales.csv?X-Amz-Expires=60&X-Amz-Signature=hush",
        "https://b.blob.core.windows.net/c/sales.csv?sp=r&sig=hush",
        "s3://shop/sales.csv?s3_access_key_id=a&s3_secret_access_key=hush",
    ],
)
def test_an_address_with_a_secret_in_it_is_refused(url):
    for given in ({"transactions": url}, {"transactions": "sales", "exclude": url}):
        with pytest.raises(InputError, match="with a secret in its address") as refused:
            Source(**given, **COLUMNS)
        assert "hush" not in str(refused.value)


@pytest.fixture
def web(tmp_path):
    """Start a web server over a folder with a certificate for a name; give its address."""
    folder = tmp_path / "web"
    folder.mkdir()
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    app = flask.Flask("web", static_folder=folder, static_url_path="")
    servers = []

    def start(name):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(name).configure_cert(context)
        server = make_server("127.0.0.1", 0, app, threaded=True, ssl_context=context)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        servers.append((server, thread))
        return f"https://127.0.0.1:{server.port}"

    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    yield start, folder, tmp_path / "authority.pem"
    for server, thread in servers:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_certificate_is_looked_at(web, tmp_path, monkeypatch):
    start, folder, authority = web
    right, wrong = start("127.0.0.1"), start("example.org")
    path = tmp_path / "model.duckdb"
    for file in ("sales.csv", "sales.parquet"):
        write_sales(folder / file, range(90))
    source = Source(transactions=f"{right}/sales.parquet", **COLUMNS)
    with duckdb.connect() as con:
        message = said(con, transactions=f"{right}/sales.parquet", **COLUMNS)
        assert "certificate" in message
        assert "as SSL_CERT_FILE in the environment" in message
        assert "\n" not in message
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    segmenter.open(path).fit(source, QUICK)
    assert segmenter.open(path).refresh().customers == 20
    with duckdb.connect() as con:
        seen = look(con, transactions=f"{right}/sales.csv", **COLUMNS)
        assert (seen.money, seen.customers) == (money(range(90)), 20)
        assert "is for another name" in said(con, transactions=f"{wrong}/sales.csv", **COLUMNS)
        assert "nothing under it" in said(con, transactions=f"{right}/none.parquet", **COLUMNS)
        gone = "https://127.0.0.1:1/sales.parquet"
        assert "See that its server is up" in said(con, transactions=gone, **COLUMNS)
