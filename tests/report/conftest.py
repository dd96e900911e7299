"""Chromium without a network, and reports of bases that a person can follow."""

from __future__ import annotations

import shutil

import duckdb
import pytest

import segmenter
from segmenter import Settings, Source
from segmenter.cli.words import audit_sentences, rule_sentences
from segmenter.progress import Silent
from segmenter.report.making import make_report
from tests.report.bases import NASTY, TWELVE

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--proxy-server=http://127.0.0.1:9",  # nobody listens there: the network is off
    "--force-device-scale-factor=1",
    "--window-size=1280,900",
)


@pytest.fixture(scope="session")
def chromium(tmp_path_factory):
    """A browser without a network."""
    names = ("chromium", "chromium-browser", "google-chrome")
    binary = next(filter(None, map(shutil.which, names)), None)
    driver = shutil.which("chromedriver")
    if binary is None or driver is None:
        pytest.skip("there is no Chromium with its driver on this machine")
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    made = webdriver.Chrome(options, webdriver.ChromeService(driver))
    made.set_script_timeout(30)
    yield made
    made.quit()


def report_of(con, **options):
    """Make the report as the command line does."""
    return make_report(
        con,
        audit=list(audit_sentences(con)),
        rules=list(rule_sentences(con)),
        progress=Silent(),
        **options,
    )


@pytest.fixture
def make():
    return report_of


@pytest.fixture
def twelve(con):
    """Twelve customers: six who spent little, three in the middle, two at the top, one refund."""
    con.execute(TWELVE)
    return con


@pytest.fixture
def twelve_read():
    return Source(
        transactions="sales",
        customer="customer_id",
        amount="amount",
        order="order_id",
        date="sold_at",
    )


@pytest.fixture
def nasty():
    """A base whose table and segments are named to break a page."""
    made = duckdb.connect()
    made.execute(TWELVE)
    made.execute('create table "</script><img src=x onerror=alert(2)>" as from sales')
    source = Source(
        transactions='"</script><img src=x onerror=alert(2)>"',
        customer="customer_id",
        amount="amount",
        order="order_id",
        date="sold_at",
    )
    segmenter.fit(made, source, Settings(names=NASTY, n_neighbors=1))
    yield made
    made.close()
