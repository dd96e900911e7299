"""Who cannot see a chart, uses a keyboard or a phone can read the report too."""

from __future__ import annotations

import pytest
from axe_playwright_python.base import AXE_SCRIPT

from tests.combinations import each_once
from tests.report.test_browser import MEASURED, PUBLISHED


def test_each_chart_has_a_sentence_for_who_cannot_see_it(small, opened):
    browser = opened(small.html)
    said = browser.execute_script(
        "return [...document.querySelectorAll('.chart svg')].map(each => ["
        " each.closest('section').querySelector('.lead').textContent,"
        " (each.closest('[aria-roledescription=visualization]')"
        " ?? each).getAttribute('aria-label')])"
    )
    assert said
    for lead, label in said:
        assert lead.replace("\u00a0", " ") in label


def test_the_contents_lead_to_each_section(small, opened):
    browser = opened(small.html)
    links = browser.find_elements("css selector", ".contents a")
    targets = {link.get_attribute("href").split("#")[1] for link in links}
    sections = {each.get_attribute("id") for each in browser.find_elements("tag name", "section")}
    assert targets == sections | {"analyst"}


VIOLATIONS = """
    const done = arguments[0];
    document.querySelectorAll('details').forEach((each) => { each.open = true; });
    axe.run().then(
        ({ violations }) => done(violations.map(({ id, nodes }) => [id, nodes[0].html])), done
    );
"""


@pytest.mark.parametrize(("theme", "width"), each_once(["light", "dark"], [390, 1280]))
def test_nobody_is_shut_out(twelve_fitted, make, opened, theme, width):
    """By axe-core's rules, with everything measured and open."""
    twelve_fitted.execute(MEASURED + PUBLISHED)
    browser = opened(make(twelve_fitted, is_live=True, with_customers=True).html, width=width)
    try:
        browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500},
        )
        if browser.execute_script("return document.documentElement.dataset.theme") != theme:
            browser.find_element("id", "theme").click()
        browser.execute_cdp_cmd("Runtime.evaluate", {"expression": AXE_SCRIPT})
        assert browser.execute_async_script(VIOLATIONS) == []
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_legends_are_whole_on_a_phone(fitted_to_seven, make, opened):
    """However many lines they break into."""
    browser = opened(make(fitted_to_seven, is_live=True).html, width=390)
    found = browser.execute_script(
        "return [...document.querySelectorAll('.chart svg')].flatMap(each => {"
        " const room = each.getBoundingClientRect();"
        " return [...each.querySelectorAll('.role-legend text')].map(part => {"
        "  const box = part.getBoundingClientRect();"
        "  const side = box.left >= room.left - 1 && box.right <= room.right + 1;"
        "  return [each.closest('.chart').id, part.textContent, side && box.top >= room.top - 1];"
        " }); })"
    )
    assert len(found) > 7
    assert [one for one in found if not one[2]] == []
