"""Chromium without a network, and reports of bases that a person can follow."""

from __future__ import annotations

import shutil
from dataclasses import replace
from functools import cached_property

import duckdb
import pytest

import segmenter
from segmenter import Settings, Source
from segmenter.operations.describe import audit_sentences, rule_sentences
from segmenter.progress import Silent
from segmenter.report.build import make_report
from segmenter.report.queries import ReportQueries
from tests.datasets import SHOP
from tests.report.bases import NASTY, READ, TWELVE

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


DRAWN = """
    const done = arguments[0];
    const wait = () => document.documentElement.dataset.drawn ? done(true) : setTimeout(wait, 20);
    wait();
"""


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


def facts_of(con, *, is_live=False, **options):
    with ReportQueries(con, is_live=is_live) as ask:
        return ask.facts(**options)


def report_of(con, **options):
    """Make the report as the command line does."""
    return make_report(
        con,
        audit=list(audit_sentences(con)),
        rules=list(rule_sentences(con)),
        progress=Silent(),
        **options,
    )


class Reported:
    """A base with its facts and its page, made once."""

    def __init__(self, con, model=None):
        self.con, self.model = con, model

    @cached_property
    def facts(self):
        return facts_of(self.con)

    @cached_property
    def html(self):
        return report_of(self.con).html


@pytest.fixture(scope="session")
def reported(fitted):
    """Each real data set with its report."""
    return Reported(fitted.con, fitted.model)


@pytest.fixture(scope="session")
def small():
    """Twelve customers with their report; tests must not change them."""
    con = duckdb.connect()
    con.execute(TWELVE)
    segmenter.fit(con, READ, settings=Settings(n_neighbors=1))
    yield Reported(con)
    con.close()


@pytest.fixture
def facts():
    return facts_of


@pytest.fixture
def make():
    return report_of


@pytest.fixture
def twelve(con):
    """Twelve customers: six who spent little, three in the middle, two at the top, one refund."""
    con.execute(TWELVE)
    return con


@pytest.fixture
def attributed(twelve):
    """The twelve with a country, and a number that nobody else has."""
    twelve.execute(
        "alter table sales add column country varchar; update sales set country = case "
        "when customer_id in ('anna', 'gus', 'jo') then '<b>AT</b>' when customer_id <> 'lea' "
        "then 'DE' end; alter table sales add column card varchar; "
        "update sales set card = 'card-' || customer_id"
    )
    source = replace(READ, attributes=["country", "card"])
    segmenter.fit(twelve, source, settings=Settings(n_neighbors=1))
    return twelve


@pytest.fixture
def twelve_fitted(twelve):
    segmenter.fit(twelve, READ, settings=Settings(n_neighbors=1))
    return twelve


@pytest.fixture
def fitted_to_seven(con):
    """Seven segments with names of some length."""
    con.execute(SHOP)
    names = ("The very best", "Excellent ones indeed", "Good and faithful", "Прочие 客户", "Some")
    settings = Settings(levels=6, max_share=0.1, names=(*names, "Small", "At-Risk"), n_neighbors=1)
    segmenter.fit(con, READ, settings=settings)
    return con


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


@pytest.fixture
def opened(chromium, tmp_path):
    """Open a report as a file and wait until all is drawn."""

    def call(html, width=1280):
        path = tmp_path / "report.html"
        path.write_text(html, encoding="utf-8")
        chromium.set_window_size(width, 900)
        chromium.get(path.as_uri())
        chromium.execute_async_script(DRAWN)
        return chromium

    return call
