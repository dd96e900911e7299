"""A PostgreSQL that speaks TLS alone: its certificate is looked at, or the fit refused."""

from __future__ import annotations

import psycopg
import pytest
import trustme

import segmenter
from segmenter import SegmenterError
from segmenter.engines.postgres_connection import connect_postgres
from tests.clients.alike import check_same_model
from tests.clients.conftest import copy_table
from tests.clients.tls_postgres import PASSWORD


def test_a_fit_over_tls(tls_postgres, shop, sales, tmp_path):
    with psycopg.connect(tls_postgres.dsn(), autocommit=True) as pg:
        pg.execute("drop table if exists sales")
        copy_table(shop, pg, "sales", tmp_path)
    with connect_postgres(tls_postgres.dsn()) as pg:
        query = "select ssl from pg_stat_ssl where pid = pg_backend_pid()"
        assert pg.execute(query).fetchone() == (True,)
        pg.rollback()
        check_same_model(segmenter.fit(pg, sales), segmenter.fit(shop, sales))
        pg.execute("drop table sales cascade")


@pytest.mark.parametrize(
    ("options", "said", "way_out"),
    [
        ({"sslrootcert": "{other}"}, "certificate verify failed", "sslrootcert=FILE"),
        ({"host": "localhost", "hostaddr": "127.0.0.1"}, "not match host", "Name the host as its"),
        ({"sslrootcert": "{none}"}, "does not exist", "sslrootcert=FILE"),
        ({"sslmode": "disable", "sslrootcert": ""}, "no encryption", "sslmode=verify-full"),
        ({"password": "xyzzy"}, "password authentication failed", "name and password"),
    ],
)
def test_what_is_refused_is_a_sentence(tls_postgres, tmp_path, options, said, way_out):
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")
    files = {"other": tmp_path / "other.pem", "none": tmp_path / "none.pem"}
    given = {name: value.format(**files) for name, value in options.items()}
    with pytest.raises(SegmenterError) as refused:
        connect_postgres(tls_postgres.dsn(**given))
    message = str(refused.value)
    assert message.startswith("the database cannot be reached: ")
    assert said in message
    assert way_out in message
    assert "\n" not in message
    assert PASSWORD not in message
    assert "xyzzy" not in message
