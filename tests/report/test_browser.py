"""The page in a real browser, from a file, with the network off."""

from __future__ import annotations

import csv
import io
import json

import pytest

import segmenter
from segmenter import Settings
from tests.report.bases import NASTY, READ

CHARTS = """
    return [...document.querySelectorAll('.chart')].map((chart) => [
        chart.id,
        chart.querySelectorAll(
            '.mark-rect path, .mark-symbol path, .mark-rule line, .mark-line path, .mark-area path'
        ).length,
        chart.getBoundingClientRect().width,
        chart.querySelector('svg')?.getBoundingClientRect().width ?? 0,
    ]);
"""

TEXTS = """
    return [...document.querySelectorAll('#' + arguments[0] + ' text')].map(t => t.textContent);
"""

MARKS = "return document.querySelectorAll('#map .mark-symbol[aria-roledescription] path').length"


def problems(browser):
    return [line for line in browser.get_log("browser") if line["level"] != "DEBUG"]


def check_drawn(browser, html):
    expected = set(json.loads(html.split('id="report-data">')[1].split("</script>")[0])["charts"])
    charts = browser.execute_script(CHARTS)
    assert {key for key, *_ in charts} == expected
    for key, marks, room, width in charts:
        assert marks > 0, key
        assert 0 < width <= room + 1, key
    assert problems(browser) == []


def test_each_data_set_is_drawn(reported, opened):
    html = reported.html
    assert len(html.encode()) < 5_000_000
    check_drawn(opened(html), html)


def test_twelve_customers_are_drawn_on_a_phone(small, opened):
    html = small.html
    browser = opened(html, width=400)
    check_drawn(browser, html)
    wide, room = browser.execute_script(
        "return [document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert wide <= room


COLOURS = """
    const colour = (selector, property) =>
        getComputedStyle(document.querySelector(selector))[property];
    return [
        colour('section', 'backgroundColor'),
        colour('#customers-and-revenue .mark-rect path', 'fill'),
        colour('#customers-and-revenue .mark-text text', 'fill'),
    ];
"""

DARK = ["rgb(24, 27, 32)", "rgb(47, 143, 216)", "rgb(232, 234, 237)"]

LIGHT = ["rgb(255, 255, 255)", "rgb(0, 74, 171)", "rgb(34, 38, 43)"]


def test_dark_and_light(small, opened):
    html = small.html
    browser = opened(html)
    found = {}
    for _ in range(2):
        browser.find_element("id", "theme").click()
        check_drawn(browser, html)
        theme = browser.execute_script("return document.documentElement.dataset.theme")
        found[theme] = browser.execute_script(COLOURS)
    assert found == {"dark": DARK, "light": LIGHT}


def test_paper_is_light_where_the_screen_is_dark(small, opened):
    browser = opened(small.html)
    if browser.execute_script("return document.documentElement.dataset.theme") == "light":
        browser.find_element("id", "theme").click()
    assert browser.execute_script(COLOURS) == DARK
    try:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
        card, *ink = browser.execute_script(COLOURS)
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert card == "rgba(0, 0, 0, 0)"
    assert ink == LIGHT[1:]


def test_the_reader_filters_by_segment(small, opened):
    browser = opened(small.html)
    everybody = browser.execute_script(MARKS)
    loyal = browser.find_element("css selector", ".filter button[data-segment=Loyal]")
    loyal.click()
    browser.execute_async_script("setTimeout(arguments[0], 200)")
    assert 0 < browser.execute_script(MARKS) < everybody
    assert "Loyal" in browser.execute_script(TEXTS, "map")
    assert loyal.get_attribute("aria-pressed") == "true"
    dimmed = browser.find_elements("css selector", "tr.dimmed")
    assert {row.get_attribute("data-segment") for row in dimmed} == {"Elite", "At-Risk"}
    browser.find_element("css selector", ".filter button").click()
    browser.execute_async_script("setTimeout(arguments[0], 200)")
    assert browser.execute_script(MARKS) == everybody
    assert problems(browser) == []


def test_the_reader_picks_a_value_of_an_attribute(attributed, make, opened):
    browser = opened(make(attributed).html)
    bodies = browser.find_elements("css selector", "#section-segments tbody")
    (select,) = browser.find_elements("css selector", ".groups select")

    def shown():
        return [place for place, body in enumerate(bodies) if body.is_displayed()]

    assert select.is_displayed()
    assert shown() == [0]
    select.send_keys("DE")
    assert shown() == [1]
    customers = bodies[1].find_elements("css selector", "td:nth-child(2)")
    assert sum(int(cell.text) for cell in customers) == 8
    assert problems(browser) == []


def test_hovering_says_what_a_mark_is(small, opened):
    from selenium.webdriver import ActionChains

    browser = opened(small.html)
    bar = browser.find_element("css selector", "#customers-and-revenue .mark-rect path")
    ActionChains(browser).move_to_element(bar).perform()
    told = browser.find_element("id", "vg-tooltip-element").text
    assert "Segment" in told
    assert "Elite" in told


def test_names_are_texts_not_markup(nasty, make, opened):
    html = make(nasty, with_customers=True).html
    browser = opened(html)
    check_drawn(browser, html)
    assert browser.execute_script("return document.querySelectorAll('img').length") == 0
    chips = browser.find_elements("css selector", ".filter button")
    assert [chip.text for chip in chips[1:]] == list(NASTY)
    assert "</script><img src=x onerror=alert(2)>" in browser.find_element("tag name", "h1").text
    texts = browser.execute_script(TEXTS, "customers-and-revenue")
    assert any(text.startswith("<script>alert(1)") for text in texts)


MEASURED = """
    insert into segments_internal.backtest
    select 1, as_of, timestamp '2024-05-25', ranking, segment, rank, 4, repeat_rate, 8, later, 5.0,
        later / 100
    from (values
        (timestamp '2024-03-01', 'segments', 'Elite', 1, 0.2, 10.0),
        (timestamp '2024-03-31', 'segments', 'Elite', 1, 0.75, 80.0),
        (timestamp '2024-03-31', 'segments', 'At-Risk', 2, 0.25, 20.0),
        (timestamp '2024-03-31', 'spend', 'Elite', 1, 0.5, 90.0),
        (timestamp '2024-03-31', 'spend', 'At-Risk', 2, 0.5, 10.0)
    ) as t (as_of, ranking, segment, rank, repeat_rate, later);
    insert into segments_internal.model_quality
    select 1, metric, value, flat, 'exact: 10 customers', 'What it says.', timestamp '2024-06-01'
    from (values ('silhouette', 0.6, -0.1), ('davies_bouldin', 0.8, 0.7), ('stability', null, null))
        as t (metric, value, flat);
"""


NEWCOMERS = "insert into sales select 'n' || i, 99 + i, 50.0, now() from range(30) as t(i)"


def test_what_was_measured_is_drawn_and_told(twelve_fitted, make, opened):
    twelve_fitted.execute(MEASURED)
    twelve_fitted.execute(NEWCOMERS)
    html = make(twelve_fitted, is_live=True).html
    browser = opened(html)
    check_drawn(browser, html)
    told = {
        key: browser.find_element("id", f"section-{key}").text
        for key in ("backtest", "quality", "drift", "data-quality")
    }
    for sentence in (
        "Fitted on what was known on 31 March 2024: until 25 May 2024, 75.0 % of Elite",
        "80.0 % of the later revenue of known customers; as many customers by spend alone 90.0 %",
    ):
        assert sentence in told["backtest"]
    spread = browser.find_element("xpath", "//details[contains(., 'on all days that were tested')]")
    rows = spread.get_property("textContent").split("by ")
    row = next(row for row in rows if "egments" in row)
    for figure in ("47.5 %", "20.0 %", "75.0 %", "45.0 %", "10.0 %", "80.0 %"):
        assert figure in row
    assert "Measured 1 June 2024" in told["quality"]
    assert "Davies-Bouldin 0.800 0.700" in told["quality"]
    assert "Refit: " in told["drift"]
    assert "warn" in told["data-quality"]


PRINTED = """
    window.dispatchEvent(new Event('beforeprint'));
    const page = document.documentElement.clientWidth;
    const found = {
        wide: document.documentElement.scrollWidth - page,
        closed: document.querySelectorAll('details:not([open])').length,
        scrolled: [...document.querySelectorAll('.wide')]
            .filter((each) => each.scrollWidth > each.clientWidth + 1).length,
        cut: [...document.querySelectorAll('.chart svg')]
            .filter((each) => each.getBoundingClientRect().right > page + 1).length,
        nav: getComputedStyle(document.querySelector('nav')).display,
        analyst: getComputedStyle(document.getElementById('analyst')).breakBefore,
    };
    window.dispatchEvent(new Event('afterprint'));
    found.reopened = document.querySelectorAll('details:not([open])').length;
    return found;
"""


@pytest.mark.parametrize("width", [1280, 700])
def test_paper_shows_all_of_it(small, opened, width):
    """Drawn for a screen, printed on a page of 180 mm."""
    browser = opened(small.html, width=width)
    closed = len(browser.find_elements("css selector", "details:not([open])"))
    try:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
        browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": 688, "height": 970, "deviceScaleFactor": 1, "mobile": False},
        )
        found = browser.execute_script(PRINTED)
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert found == {
        "wide": 0,
        "closed": 0,
        "scrolled": 0,
        "cut": 0,
        "nav": "none",
        "analyst": "page",
        "reopened": closed,
    }


CAUGHT = """
    const done = arguments[1];
    const made = URL.createObjectURL;
    URL.createObjectURL = (blob) => {
        blob.arrayBuffer().then((buffer) => done([...new Uint8Array(buffer)]));
        return made(blob);
    };
    HTMLAnchorElement.prototype.click = function () {};
    document.querySelector(`[aria-label="Download ${arguments[0]}"]`).click();
"""


def test_no_cell_of_a_download_is_a_formula(twelve, make):
    twelve.execute("update sales set customer_id = '=cmd()' || customer_id")
    segmenter.fit(twelve, READ, settings=Settings(n_neighbors=1))
    html = make(twelve, is_live=True, with_customers=True).html
    data = json.loads(html.split('id="report-data">')[1].split("</script>")[0])
    rows = data["tables"]["table-what-to-do-2"]["rows"]
    assert rows
    assert all(row[0].startswith("'=cmd()") for row in rows)


def test_a_table_can_be_taken_along(twelve_fitted, make, opened):
    browser = opened(make(twelve_fitted, is_live=True, with_customers=True).html)
    text = bytes(browser.execute_async_script(CAUGHT, "the-list.csv")).decode()
    assert text.startswith("\ufeffCustomer,What to do,Segment,")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    expected = twelve_fitted.execute(
        "select customer_id, revenue_at_stake from segments.next_actions"
    ).fetchall()
    assert expected
    assert sorted((row["Customer"], float(row["At stake"])) for row in rows) == sorted(expected)


PUBLISHED = """
    insert into segments_internal.published_segments
    select published_at - interval 2 month, segment, segment_rank, customers + 1, revenue, 1, 2
    from segments_internal.published_segments;
"""


def test_the_months_are_drawn(twelve_fitted, make, opened):
    twelve_fitted.execute(PUBLISHED)
    html = make(twelve_fitted).html
    browser = opened(html)
    check_drawn(browser, html)
    assert browser.execute_script("return document.querySelectorAll('#history-customers').length")
    assert "Elite went from 6 to 5 customers" in browser.find_element("id", "section-history").text
